"""Settings: where each comes from, and what is said about one that cannot be."""

import re
import tomllib

import pytest

from tocsin.config import PREFIX, SETTINGS, address, defaults_toml, load
from tocsin.errors import ConfigError

DEFAULTS = {setting.name: setting.default for setting in SETTINGS}


@pytest.fixture
def file(tmp_path):
    """Write a settings file and return its path."""

    def write(text):
        path = tmp_path / "settings.toml"
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """No `tocsin.toml` of whoever runs the tests is read."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")


def test_without_a_word_the_defaults_hold():
    """On loopback, and a source is silent after a minute."""
    assert DEFAULTS == load(None, {})
    assert (60.0, "127.0.0.1:8410", "127.0.0.1:8411") == tuple(
        DEFAULTS[name] for name in ("silence_s", "public", "desk")
    )


def test_the_nearer_word_wins(file):
    """Command line before environment before file before default, each setting for itself."""
    path = file("silence_s = 10\nmax_age_s = 20\nconnections = 30\ncountry = 'xx'")
    environment = {"TOCSIN_SILENCE_S": "11", "TOCSIN_MAX_AGE_S": "21", "PATH": "/bin"}
    values = load(path, environment, {"silence_s": 12.0, "max_age_s": None, "public": None})
    assert {**DEFAULTS, "silence_s": 12.0, "max_age_s": 21.0, "connections": 30, "country": "xx"} == values


def test_a_file_where_the_server_starts_is_read(tmp_path):
    """Nobody has to name tocsin.toml."""
    (tmp_path / "elsewhere" / "tocsin.toml").write_text("silence_s = 7")
    assert 7.0 == load(None, {})["silence_s"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("silence_sec", "did you mean silence_s?"),
        ("connection", "did you mean connections?"),
        ("Desk", "did you mean desk?"),
        ("zzz", "see `tocsin config --defaults`"),
    ],
)
def test_a_mistyped_name_is_not_passed_over(file, name, hint):
    """`silence_sec = 5` that is silently dropped would leave a minute in force."""
    path = file(f"{name} = 5")
    with pytest.raises(ConfigError, match=re.escape(f"{name}: no such setting in {path}; {hint}")):
        load(path, {})


def test_another_variable_that_begins_like_ours_is_left_alone():
    """The tests have one of their own."""
    assert DEFAULTS == load(None, {"TOCSIN_SHARED": "/data", "TOCSIN_": "x", "XTOCSIN_SILENCE_S": "5"})


@pytest.mark.parametrize("name", ["silence_s", "max_age_s"])
@pytest.mark.parametrize("value", ["'a minute'", "true", "0", "-1", "nan", "inf", "[60]", "1e300", "{}"])
def test_a_time_is_a_number_above_zero(file, name, value):
    """Never: a silence without end would keep a dead feed's clears for ever."""
    with pytest.raises(ConfigError, match=rf"{name} is .*; set it to a number above 0, as in \d+\.0"):
        load(file(f"{name} = {value}"), {})


@pytest.mark.parametrize(
    "value",
    ["'many'", "true", "[]", "'1.5'", "''", "1.9", "2.0", "0", "-5", "'-5'", "nan", "10_000_000_000", "{}"],
)
def test_a_count_is_a_whole_number_above_zero(file, value):
    """1.9 is not cut to 1, and no server takes 0 connections: nobody would be warned by it."""
    with pytest.raises(
        ConfigError, match=r"connections is .*; set it to a whole number above 0, as in 18500"
    ):
        load(file(f"connections = {value}"), {})


@pytest.mark.parametrize("name", ["data", "public", "desk", "country"])
@pytest.mark.parametrize("value", ["true", "5", "1.5", "['ua']", "{a = 'ua'}", "2024-01-02", "''", "' '"])
def test_a_text_is_text_and_not_empty(file, name, value):
    """A list is not the folder that is named like it when it is written down."""
    with pytest.raises(ConfigError, match=rf"{name} is .*; set it to text, as in '"):
        load(file(f"{name} = {value}"), {})


def test_an_empty_variable_is_no_folder():
    """`TOCSIN_DATA=` in a unit file would be the folder in which the server happens to start."""
    with pytest.raises(ConfigError, match="data is ''; set it to text, as in 'tocsin-data'"):
        load(None, {"TOCSIN_DATA": ""})


def test_a_bad_value_in_the_environment_is_named_too():
    with pytest.raises(ConfigError, match="silence_s is '60s'"):
        load(None, {"TOCSIN_SILENCE_S": "60s"})


@pytest.mark.parametrize("text", ["silence_s", "silence_s = ", "a = 1\na = 2", "\0"])
def test_a_file_that_is_no_toml_is_named(file, text):
    path = file(text)
    with pytest.raises(ConfigError, match=re.escape(f"cannot read the settings in {path}: ")):
        load(path, {})


def test_a_file_that_was_asked_for_must_be_there(tmp_path):
    """Also one that is a folder, and one that is not text."""
    (tmp_path / "latin").write_bytes(b"country = '\xff'")
    for path in (tmp_path / "missing.toml", tmp_path, tmp_path / "latin"):
        with pytest.raises(ConfigError, match="mend the file, or leave it out"):
            load(path, {})


def test_every_setting_says_in_a_sentence_what_it_does():
    """With its unit in the name where it has one, and a default of its own kind."""
    assert len(DEFAULTS) == len(SETTINGS)
    for setting in SETTINGS:
        assert re.fullmatch(r"[A-Z].{10,100}[^.]\.", setting.about), setting.name
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", setting.name)
        assert type(setting.default) is setting.kind
        assert bool(setting.unit) == setting.name.endswith("_s")


def test_the_file_of_defaults_says_what_holds_without_it(file):
    """It parses, it changes nothing, and it names each setting's sentence and variable."""
    text = defaults_toml()
    assert DEFAULTS == tomllib.loads(text)
    assert DEFAULTS == load(file(text), {})
    for setting in SETTINGS:
        assert f"# {setting.about}" in text
        assert f"{PREFIX}{setting.name.upper()}\n" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:8410", ("127.0.0.1", 8410)),
        ("[::1]:0", ("::1", 0)),
        ("alerts.example:65535", ("alerts.example", 65535)),
    ],
)
def test_an_address_is_a_host_and_a_port(text, expected):
    assert expected == address(text, "public")


@pytest.mark.parametrize("text", ["", "8410", ":8410", "host:", "host:http", "host:65536", "host:-1", "host"])
def test_an_address_without_host_or_port_is_refused(text):
    with pytest.raises(ConfigError, match=rf"^desk is {re.escape(repr(text))}; write HOST:PORT"):
        address(text, "desk")
