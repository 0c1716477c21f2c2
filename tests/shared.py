"""Where the tests find data that is not the project's to carry."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("TOCSIN_SHARED", ROOT.parent / "shared" / "data"))


def shared(name: str) -> Path:
    """Return the path of a shared file, or skip the test in one line."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"no {name} in the shared data (TOCSIN_SHARED)")
    return path
