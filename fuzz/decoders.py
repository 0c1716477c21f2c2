"""Fuzz the decoders: whatever comes, they answer, and what they accept keeps its promises.

    python -m fuzz.decoders cap   -runs=1000000 -max_total_time=600
    python -m fuzz.decoders tree  ...    CAP messages made of its elements in any order
    python -m fuzz.decoders json  ...    what a feed posts, and what stands in the log

The first word names the target, the rest goes to libFuzzer.  It begins with the messages of our own
tests; an input that breaks a promise is left in the working folder.  Runs on Linux only (atheris).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["tocsin"]):
    from fuzz.targets import SEEDS, TARGETS, WORDS


def main() -> None:
    """Fuzz one target."""
    target, *rest = sys.argv[1:] or [""]
    if target not in TARGETS:
        sys.exit(f"name a target: {', '.join(TARGETS)}")
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for number, seed in enumerate(SEEDS[target]):
            (corpus / str(number)).write_bytes(seed)
        given = [sys.argv[0], str(corpus), "-max_len=8192", "-timeout=10", *rest]
        if WORDS[target]:
            words = Path(folder) / "words"
            lines = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in WORDS[target])
            words.write_text("".join(f'"{line}"\n' for line in lines), encoding="ascii")
            given.append(f"-dict={words}")
        atheris.Setup(given, TARGETS[target])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
