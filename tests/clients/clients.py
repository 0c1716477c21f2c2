"""Other people's clients, unchanged, each in a process and a virtual environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from tests.shared import ROOT
from tests.support import PATIENCE_S, plain_environment

HERE = Path(__file__).resolve().parent
NODE = "node"
VENVS = Path(os.environ.get("TOCSIN_CLIENTS", ROOT / "build" / "clients"))


class Client:
    """One client, which is asked over its driver's standard input.

    Args:
        needs: The file in ``needs/`` that says what its virtual environment has, or its package of npm.
        driver: The file in ``drivers/``.
        words: What the driver is given: first the server's address.
    """

    def __init__(self, needs: str, driver: str, *words: str) -> None:
        program = program_of(needs)
        ours = HERE / "drivers" / f"{driver}.py"
        if program == NODE:
            ours, words = ours.with_suffix(".mjs"), (str(VENVS / needs), *words)
        command = [program, str(ours), *words]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=plain_environment()
        )
        try:
            assert self._line() == "ready"
        except BaseException:
            self.__exit__()  # a block that was not entered is not left either
            raise

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(PATIENCE_S)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()

    def ask(self, question: str) -> Any:
        """Return what the client says; an error of its own is ``{"error": ..., "message": ...}``."""
        assert self._process.stdin is not None
        self._process.stdin.write(question + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> Any:
        assert self._process.stdout is not None
        late = Timer(PATIENCE_S, self._process.kill)
        late.start()
        try:
            line = self._process.stdout.readline()
        finally:
            late.cancel()
        assert line, "the client ended, or did not answer in time"
        return json.loads(line)


def program_of(needs: str) -> str:
    """Return the Python that has a client, or node; skip the test in one line where it is missing."""
    if not (VENVS / needs / "ready").exists():
        pytest.skip(f"the client {needs} is not installed; run make test-clients")
    if (HERE / "needs" / f"{needs}.npm").exists():
        return NODE
    return str(VENVS / needs / "bin" / "python")


def failed(said: Any) -> bool:
    """Return whether the client raised an error: its user keeps what it had, or sees *unavailable*."""
    return isinstance(said, dict) and "error" in said
