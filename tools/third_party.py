"""Write docs/reference/third-party.md: what we build on, by whose leave, and what for.

The names come from the locks, the licences from the packages as installed, the purposes from the table below.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "third-party.md"

PURPOSES = {
    "aiohttp": "Calls upstream services and webhooks",
    "aiomqtt": "Speaks MQTT 5 to a broker (the extra `channels`)",
    "apprise": "Mail, messengers and a hundred other services (the extra `channels`)",
    "apsw": "The log: SQLite, the current one, whatever the machine has",
    "argon2-cffi": "Hashes the fallback passwords at the desk",
    "atheris": "Fuzzes the decoders",
    "authlib": "Log-in through OpenID Connect (the extra `oidc`)",
    "click": "Commands",
    "cryptography": "Signs checkpoints of the log (Ed25519)",
    "feedparser": "Reads RSS and Atom (the extra `record`)",
    "hatchling": "Builds the package",
    "httptools": "Parses requests at the public door",
    "httpx": "Calls the desk in tests",
    "hypothesis": "Properties",
    "import-linter": "The arrows between the parts",
    "jinja2": "Pages",
    "joserfc": "Checks the tokens of OpenID Connect (the extra `oidc`)",
    "lxml": "Parses what is to be signed or checked (signxml)",
    "lxml-stubs": "Types of lxml",
    "msgspec": "The kinds, and their JSON",
    "mypy": "Types",
    "playwright": "Drives a real browser",
    "prometheus-client": "The figures at `/metrics`",
    "pyarrow": "Writes Parquet (the extra `record`)",
    "pytest": "Tests",
    "pytest-timeout": "No test hangs",
    "pytest-xdist": "Tests on two cores",
    "python-multipart": "Reads forms at the desk",
    "pywebpush": "Web Push (the extra `channels`)",
    "rich": "Tables and progress in the terminal",
    "ruff": "Style and layout",
    "schemathesis": "Tries the desk against its own description",
    "shapely": "Places polygons and circles in areas (the extra `geometry`)",
    "signxml": "Signs CAP messages and checks signatures (XML-DSig)",
    "starlette": "The desk",
    "telethon": "Reads a Telegram channel (the extra `telegram`)",
    "trafilatura": "Takes the text out of a news page (the extra `record`)",
    "types-shapely": "Types of shapely",
    "uvicorn": "Serves the desk",
    "uvloop": "The event loop at the public door",
    "webauthn": "Passkeys at the desk",
    "websockets": "The WebSocket protocol at the public door; a client in tests",
}

LICENCES = {
    "atheris": "Apache-2.0",  # on Linux only, and its metadata names none
    "colorama": "BSD-3-Clause",  # on Windows only, so not always there to ask
    "uvloop": "MIT OR Apache-2.0",  # not on Windows
    "librt": "MIT",  # not on PyPy
}

SPDX = {  # what packages write that write no SPDX expression
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}

HEAD = """\
# What tocsin is built on

Made by `tools/third_party.py` from the locks in `requirements/` and checked by a test; do not edit.
Versions and hashes are in the locks.

| library | licence | needed to | what for |
|---|---|---|---|
"""

TAIL = """
Not libraries, and in no lock:

| what | licence | needed to | what for |
|---|---|---|---|
| @svg-maps/ukraine (npm) | CC BY 4.0 | show the map | The outlines of the oblasts. \
The set-up fetches and simplifies them, the wheel ships them, the page credits them; \
without them the page shows its tiles |
| chromium (Debian) | BSD-3-Clause and others | test | Browser tests. The set-up installs it where it may |
"""


def locked(name: str) -> list[str]:
    """Return the names of the libraries in a lock, sorted."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return sorted(set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", text, re.MULTILINE)))  # one has two versions


def licence(name: str) -> str:
    """Return a library's licence as an SPDX expression, from its metadata where that can be had.

    Raises:
        LookupError: It is not installed, or says nothing we know; add it to the tables above.
    """
    if name in LICENCES:
        return LICENCES[name]
    try:
        told = metadata(name)
    except PackageNotFoundError:
        raise LookupError(f"{name}: not installed; run 'make lock', or add it to LICENCES") from None
    classed = [c.rsplit(" :: ", 1)[1] for c in told.get_all("Classifier", []) if c.startswith("License ::")]
    for said in map(str, [*told.get_all("License-Expression", []), *told.get_all("License", []), *classed]):
        if len(said) < 60:  # some put the whole text there
            return SPDX.get(said, said)
    raise LookupError(f"{name}: its metadata names no licence; read it and add it to LICENCES")


def needed_by(name: str, among: list[str]) -> list[str]:
    """Return the libraries that ask for another, on any machine and for no extra of theirs."""
    wanted = re.compile(rf"{name.replace('-', '[-_.]')}(?![-\w.])", re.IGNORECASE)
    return [
        other
        for other in among
        if other not in LICENCES
        and any(wanted.match(r) and "extra ==" not in r for r in metadata(other).get_all("Requires-Dist", []))
    ]


def page() -> str:
    """Return the page as it should be."""
    run, every = set(locked("run")), locked("test")
    rows = []
    for name in every:
        purpose = PURPOSES.get(name) or "Needed by " + ", ".join(needed_by(name, every))
        rows.append(f"| {name} | {licence(name)} | {'run' if name in run else 'test'} | {purpose} |\n")
    return HEAD + "".join(rows) + TAIL


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
