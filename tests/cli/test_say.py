"""`raise --expires`: any way of writing a moment that the other commands take, and no other."""

import pytest

from tests.support import tocsin


@pytest.fixture(scope="module")
def key(server, tmp_path_factory):
    """A file with a key for Kyiv."""
    file = tmp_path_factory.mktemp("key") / "key"
    file.write_text(server.key("office", "UA80", "*"), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("written", "threat"),
    [
        ("2099-11-25T12:00Z", "air"),
        ("2099-11-25T14:00+02:00", "artillery"),
        ("2099-11-25 12:00:00Z", "nuclear"),
    ],
)
def test_an_expiry_is_written_like_every_other_moment(server, key, written, threat):
    """Without seconds, with another offset, with a space: one moment, and it stands on the board."""
    done = tocsin(
        "raise", "Kyiv", "--threat", threat, "--expires", written, "--desk", server.desk, "--key-file", key
    )
    assert done.returncode == 0, done.stderr
    assert server.told("UA80", threat)["expires"] == "2099-11-25T12:00:00Z"


@pytest.mark.parametrize(
    ("written", "says"),
    [("2099-11-25T12:00", "has no zone"), ("noon", "is not a date and time"), ("", "is not a date and time")],
)
def test_an_expiry_that_is_no_moment_is_named(server, key, written, says):
    """The option, what was written, and what to write; nothing is raised."""
    done = tocsin("raise", "Kyiv", "--threat", "chemical", "--expires", written, "--desk", server.desk,
                  "--key-file", key)  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"tocsin: --expires: {written!r} {says}; write ")
    assert server.told("UA80", "chemical")["state"] != "raised"
