"""What `tocsin serve` does not start with: files that others can read, a name from the examples."""

import pytest

from tests.support import tocsin
from tocsin.app.checkpoint import signing_key
from tocsin.app.desk import SECRETS, Desk
from tocsin.errors import ConfigError


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_secret_that_others_can_read_is_refused(tmp_path, name, mode):
    """It may have been copied; it says what to do."""
    Desk(tmp_path).close()
    signing_key(tmp_path)
    path = tmp_path / name
    path.touch()
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"others can read .*{name}; chmod 600"):
        Desk(tmp_path)
    path.chmod(0o600)
    Desk(tmp_path).close()


@pytest.mark.parametrize(
    ("origin", "words"),
    [("https://desk.example.org", "a name for examples"), ("https://desk.test", "a name for examples"),
     ("http://desk.kyiv.ua", "write https://NAME"), ("desk.kyiv.ua", "write https://NAME"),
     ("https://desk.kyiv.ua/desk", "write https://NAME")],
)  # fmt: skip
def test_serve_refuses_a_name_that_is_none(tmp_path, origin, words):
    """A placeholder, plain HTTP, or an address that cookies cannot be bound to."""
    done = tocsin("serve", "--data", tmp_path, "--public", "127.0.0.1:0", "--desk", "127.0.0.1:0",
                  TOCSIN_DESK_ORIGIN=origin)  # fmt: skip
    assert done.returncode == 1
    assert words in done.stderr
