"""A short run of the fuzzers; `make fuzz` runs them for long."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.targets import SEEDS, TARGETS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("target", TARGETS)
def test_the_fuzzer_finds_nothing_in_a_few_seconds(target, tmp_path):
    """A promise that it can break so fast is broken every day."""
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris runs on Linux only")
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.decoders", target, "-runs=4000", "-max_total_time=20", "-seed=1"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2_000:]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", TARGETS)
def test_what_the_fuzzer_begins_with_keeps_the_promises(target):
    """Every message that breaks a rule, among others."""
    for seed in SEEDS[target]:
        TARGETS[target](seed)
