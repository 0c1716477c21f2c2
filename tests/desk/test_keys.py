"""Keys: shown once, never kept, good for what they were made for and nothing else."""

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import apsw
import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from tocsin.countries import load
from tocsin.desk.keys import Keys, Principal
from tocsin.errors import ConfigError, KeyRefused, NotEntitled
from tocsin.model import THREATS, AreaId, Realm, SourceId, Threat

UA = load("ua").areas
AT = datetime(2024, 1, 2, 3, 53, 57, tzinfo=UTC)


def principal(name="air-force", areas=("UA",), threats=("*",), realm=Realm.ACTUAL):
    return Principal(
        SourceId(name), tuple(AreaId(a) for a in areas), tuple(Threat(t) for t in threats), realm
    )


@pytest.fixture
def keys(tmp_path):
    keys = Keys(tmp_path)
    yield keys
    keys.close()


def test_a_key_opens_and_says_whose_it_is(keys):
    """Every field of the entitlement comes back; Bearer may be written in any case."""
    office = principal("kyiv-office", ("UA80", "UA32"), ("air", "chemical"), Realm.EXERCISE)
    key = keys.add(office, AT)
    assert key.startswith("tocsin_")
    for header in (f"Bearer {key}", f"bearer {key}", f"BEARER  {key} "):
        assert office == keys.who(header)
    assert [(office, AT)] == keys.all()


def test_no_two_keys_are_alike(keys):
    """Each has 32 random bytes: 43 letters that nobody guesses."""
    made = {keys.add(principal(f"feed-{n}"), AT) for n in range(50)}
    assert len(made) == 50
    assert all(len(key.removeprefix("tocsin_")) == 43 for key in made)


def test_a_stolen_folder_opens_nothing(keys, tmp_path):
    """Neither the key nor its plain hash stands in any file, nor does the folder's secret in the database."""
    key = keys.add(principal(), AT)
    secret = (tmp_path / "desk.secret").read_bytes()
    part = key.removeprefix("tocsin_")
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        for word in (key, part, part[:20]):
            assert word.encode() not in content, file.name
        for algorithm in ("sha256", "sha1", "md5", "sha512"):
            assert hashlib.new(algorithm, key.encode()).digest() not in content, file.name
    assert len(secret) == 32
    assert all(secret not in file.read_bytes() for file in tmp_path.glob("desk.db*"))


def test_a_database_without_its_secret_opens_nothing(tmp_path):
    """Whoever restores one without the other makes new keys."""
    keys = Keys(tmp_path)
    key = keys.add(principal(), AT)
    keys.close()
    (tmp_path / "desk.secret").unlink()
    again = Keys(tmp_path)
    with pytest.raises(KeyRefused):
        again.who(f"Bearer {key}")
    again.close()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_others_cannot_read_the_secret_or_the_database(tmp_path, umask):
    """Nor what SQLite keeps beside it, in which a new key stands first."""
    before = os.umask(umask)
    try:
        keys = Keys(tmp_path)
        keys.add(principal(), AT)
    finally:
        os.umask(before)
    made = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert {"desk.secret", "desk.db", "desk.db-wal", "desk.db-shm"} == set(made)
    assert not any(mode & 0o177 for mode in made.values())
    keys.close()


def test_a_database_that_others_could_read_is_closed_to_them(keys, tmp_path):
    """One that an older tocsin or a careless copy left open; also while a server has it."""
    keys.add(principal(), AT)
    files = list(tmp_path.glob("desk.db*"))
    for file in files:
        file.chmod(0o644)
    Keys(tmp_path).close()
    assert [0o600] * 3 == [stat.S_IMODE(file.stat().st_mode) for file in files]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_secret_that_others_can_read_is_refused(keys, tmp_path, mode):
    """The server does not start with it, and says how to mend it."""
    (tmp_path / "desk.secret").chmod(mode)
    with pytest.raises(ConfigError, match=r"others can read .*desk\.secret; chmod 600"):
        Keys(tmp_path)


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_a_secret_that_is_not_one_is_refused(keys, tmp_path, content):
    """An empty secret would make every hash guessable."""
    (tmp_path / "desk.secret").write_bytes(content)
    with pytest.raises(ConfigError, match="does not hold 32 bytes; restore it"):
        Keys(tmp_path)


def test_a_folder_that_cannot_be_one_says_what_to_check(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="; check --data"):
        Keys(tmp_path / "file")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "tocsin_abc", "Bearertocsin_abc"]
)
def test_without_a_key_nobody_is_let_in(keys, header):
    """The error says which header to send."""
    keys.add(principal(), AT)
    with pytest.raises(KeyRefused, match="there is no key; send the header"):
        keys.who(header)


def test_a_wrong_key_is_refused(keys):
    """One letter changed, added or left out, another case, a header of 1 MB."""
    key = keys.add(principal(), AT)
    other = "A" if key[-2] != "A" else "B"
    wrong = [key[:-1], key + "x", key[:-2] + other + key[-1], key.swapcase(), key.removeprefix("tocsin_")]
    for one in [*wrong, "' or 1=1 --", "\0", "ключ", "x" * 1_000_000]:
        with pytest.raises(KeyRefused, match="not known"):
            keys.who(f"Bearer {one}")


def test_a_revoked_key_is_refused_at_once(keys):
    """By every process that has the folder open, and its holder stays in the list."""
    key = keys.add(principal(), AT)
    keep = keys.add(principal("other"), AT)
    keys.revoke("air-force", AT)
    with pytest.raises(KeyRefused, match="revoked"):
        keys.who(f"Bearer {key}")
    assert "other" == keys.who(f"Bearer {keep}").name
    assert [("air-force", True), ("other", False)] == [(one.name, one.revoked) for one, _ in keys.all()]


def test_what_is_not_in_force_cannot_be_revoked(keys):
    """A mistyped name does not pass for done; neither does a second time."""
    keys.add(principal(), AT)
    keys.revoke("air-force", AT)
    for name in ("air-force", "air-farce"):
        with pytest.raises(ConfigError, match=f"no key '{name}' in force; see"):
            keys.revoke(name, AT)


def test_a_name_is_one_key(keys):
    """A second key of the same name is refused and the first goes on; a revoked name is free again."""
    first = keys.add(principal(areas=("UA80",)), AT)
    with pytest.raises(
        ConfigError, match="there is a key 'air-force' already; choose another name, or revoke"
    ):
        keys.add(principal(), AT)
    assert ("UA80",) == keys.who(f"Bearer {first}").areas
    keys.revoke("air-force", AT)
    second = keys.add(principal(areas=("UA32",)), AT)
    assert ("UA32",) == keys.who(f"Bearer {second}").areas
    with pytest.raises(KeyRefused):
        keys.who(f"Bearer {first}")


def test_two_that_add_one_name_at_once_do_not_replace_a_key_in_force(tmp_path):
    """Whoever comes second waits, looks again, and is refused; the key that was handed out goes on."""
    one, two = Keys(tmp_path), Keys(tmp_path)
    key = one.add(principal(), AT)
    one.revoke("air-force", AT)
    other = apsw.Connection(str(tmp_path / "desk.db"))
    other.execute("begin immediate; update key set revoked = null")  # as another process's `add` stands there
    with ThreadPoolExecutor() as pool:
        adding = pool.submit(two.add, principal(areas=("UA32",)), AT)
        with pytest.raises(TimeoutError):
            adding.result(0.2)
        other.execute("commit")
        with pytest.raises(ConfigError, match="there is a key 'air-force' already"):
            adding.result(10)
    assert ("UA",) == one.who(f"Bearer {key}").areas
    for opened in (one, two, other):
        opened.close()


def test_keys_that_cannot_be_written_say_what_to_check(keys, tmp_path):
    """Nothing is changed, and it can be done again."""
    key = keys.add(principal(), AT)
    other = apsw.Connection(str(tmp_path / "desk.db"))
    other.execute("begin immediate")
    keys._db.set_busy_timeout(0)
    for change in (lambda: keys.add(principal("new"), AT), lambda: keys.revoke("air-force", AT)):
        with pytest.raises(ConfigError, match=r"cannot change the keys in .*nothing was changed; check"):
            change()
    other.close()
    assert "air-force" == keys.who(f"Bearer {key}").name
    keys.revoke("air-force", AT)


@pytest.mark.parametrize(
    "codes", [("UA80", "UA 32"), ("a\tb", " x ", ""), ('a"b', "a,b", "[]", "'"), ("Київ", "\u2028", "\0")]
)
def test_codes_come_back_as_they_were_given(keys, codes):
    """A country pack may name its areas as it likes: one code never becomes two."""
    key = keys.add(principal(areas=codes, threats=codes), AT)
    who = keys.who(f"Bearer {key}")
    assert (codes, codes) == (who.areas, who.threats)


@pytest.mark.parametrize(
    "name", ["", "pack", "Air", "-a", "a b", "a/b", "a_b", "ї", "a" * 41, "a\n", "../x", "a'b", "a.b"]
)
def test_a_name_that_cannot_stand_in_a_key_of_the_log_is_refused(keys, name):
    """And `pack` is the country pack's own: no feed may speak in its name."""
    with pytest.raises(ConfigError, match="cannot be a key's name; use up to 40 of"):
        keys.add(principal(name), AT)
    assert [] == keys.all()


@pytest.mark.parametrize("name", ["a", "7", "a-b-", "a" * 40])
def test_a_plain_name_is_taken(keys, name):
    assert name == keys.who("Bearer " + keys.add(principal(name), AT)).name


def test_other_processes_see_that_keys_have_changed(keys, tmp_path):
    """A running server notices what the command line did, and nothing where nothing was done."""
    server = Keys(tmp_path)
    before = server.version()
    assert before == server.version()
    key = keys.add(principal(), AT)
    assert "air-force" == server.who(f"Bearer {key}").name
    after = server.version()
    keys.revoke("air-force", AT)
    assert len({before, after, server.version()}) == 3
    with pytest.raises(KeyRefused):
        server.who(f"Bearer {key}")
    server.close()


def test_keys_outlive_the_process(tmp_path):
    keys = Keys(tmp_path / "new" / "folder")
    key = keys.add(principal(), AT)
    keys.close()
    again = Keys(tmp_path / "new" / "folder")
    assert "air-force" == again.who(f"Bearer {key}").name
    again.close()


# What a key may say


def test_a_right_to_an_area_is_a_right_to_its_parts():
    """A key for Kyiv oblast speaks for its raions and hromadas; not for the city, not for the country."""
    office = principal(areas=("UA32",))
    for area in ("UA32", "UA3210", *UA.below(AreaId("UA32"))):
        office.check(AreaId(area), Threat("air"), UA)
    for area in ("UA80", "UA", "UA05"):
        with pytest.raises(
            NotEntitled, match=f"^area: .* no right to {area}, only to UA32; send another area"
        ):
            office.check(AreaId(area), Threat("air"), UA)


def test_a_right_to_a_threat_is_a_right_to_no_other():
    """All five where it says '*', and codes that nobody has thought of yet."""
    everything, air = principal(), principal(threats=("air",))
    for threat in (*THREATS, Threat("locusts")):
        everything.check(AreaId("UA80"), threat, UA)
    air.check(AreaId("UA80"), Threat("air"), UA)
    for threat in (*THREATS[1:], Threat("ai"), Threat("airs"), Threat("*")):
        with pytest.raises(NotEntitled, match=r"^threat: .*, only to air; send another threat"):
            air.check(AreaId("UA80"), threat, UA)


def test_a_key_without_rights_says_nothing():
    for nobody in (principal(areas=()), principal(threats=())):
        with pytest.raises(NotEntitled):
            nobody.check(AreaId("UA80"), Threat("air"), UA)


ALL = [area.id for area in UA][:300]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(ALL), max_size=4),
    st.lists(st.sampled_from([*THREATS, Threat("*")]), max_size=3),
    st.sampled_from(ALL),
    st.sampled_from(THREATS),
)
def test_rights_are_what_was_given_and_no_more(areas, threats, area, threat):
    """Against the rule in one line: an area of it lies around this one, and a threat of it is this one."""
    may = any(area == a or area in UA.below(a) for a in areas) and bool({"*", threat} & set(threats))
    try:
        principal(areas=areas, threats=threats).check(area, threat, UA)
        said = True
    except NotEntitled:
        said = False
    assert may == said


def test_the_secret_is_made_once_whoever_comes_first(tmp_path):
    """Two that open a new folder share one secret."""
    one, two = Keys(tmp_path), Keys(tmp_path)
    assert "air-force" == two.who("Bearer " + one.add(principal(), AT)).name
    assert 32 == os.stat(tmp_path / "desk.secret").st_size
    one.close()
    two.close()
