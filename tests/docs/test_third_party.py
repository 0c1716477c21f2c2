"""What we build on: the locks and the page about them agree with each other and with pyproject.toml."""

import re
import tomllib
from typing import Any

from tools.third_party import PAGE, PURPOSES, ROOT, locked, page


def lock(name: str) -> dict[str, tuple[str, list[str]]]:
    """Return name -> (version, hashes) of all that a lock holds."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    return {
        entry.split("==")[0]: (
            re.findall(r"^\S+==(\S+)", entry)[0],
            re.findall(r"--hash=sha256:([0-9a-f]{64})\b", entry),
        )
        for entry in entries
    }


def project() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_page_is_what_the_locks_and_the_packages_say():
    """After `make lock` the page is written again."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_locked_library_has_a_hash():
    """A changed archive is refused."""
    for name in ("run", "test"):
        assert [library for library, (_, hashes) in lock(name).items() if not hashes] == []


def test_tests_run_on_the_very_libraries_that_are_shipped():
    """Whatever the smaller lock holds, the larger one holds in the same version."""
    every = lock("test")

    assert lock("run") == {name: every[name] for name in lock("run")}


def test_every_library_that_we_ask_for_is_locked_and_has_a_purpose():
    """Whoever adds one says what for."""
    told = project()
    extras = told["project"]["optional-dependencies"]
    asked = [*told["project"]["dependencies"], *extras["test"], *told["dependency-groups"]["build"]]
    names = {re.split(r"[<>=; ]", a, maxsplit=1)[0] for a in asked}

    assert names == set(PURPOSES)
    assert names <= set(locked("test"))
