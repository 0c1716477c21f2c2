"""The desk against its own description: whatever a stranger or a feed posts, there is no 5xx."""

import subprocess
import sys
from pathlib import Path

import pytest

FEW = 12  # cases an operation; 5,000 in all were tried once, and none answered 5xx


@pytest.mark.parametrize("known", [True, False], ids=["with a key", "without a key"])
def test_nothing_that_is_posted_breaks_the_desk(own_server, known, tmp_path):
    """Generated from the OpenAPI description: boundary values, wrong types, headers, methods."""
    key = own_server.key("feed") if known else "nobody"
    done = subprocess.run(
        [Path(sys.executable).with_name("schemathesis"), "run", f"{own_server.desk}/openapi.json",
         "--url", own_server.desk, "-H", f"Authorization: Bearer {key}", "--checks", "not_a_server_error",
         "--max-examples", str(FEW), "--phases", "fuzzing", "--no-color", "--generation-database", "none",
         "--seed", "1", "--suppress-health-check", "all"],  # how fast cases are made is not in question
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr
    assert "passed" in done.stdout
    assert own_server.get_desk("/healthz").text == "ok\n"
