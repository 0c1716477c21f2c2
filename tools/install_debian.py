"""Install what tests drive and pip does not bring, from Debian, where it is missing and this user may.

Arguments: the programs, of `NEEDS`; without any, those that `make test` drives.

Without it those tests skip.  Where CI is set that would be a hole, so there it is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NEEDS = {
    "chromium": ("chromium", "fonts-dejavu-core"),  # the fonts: without them Cyrillic is drawn as boxes
    "mosquitto": ("mosquitto",),  # a broker; each test runs one of its own, on a port that was free
    "node": ("nodejs",),  # clients from npm run in it; only `make test-clients` asks for these two
    "npm": ("npm",),
}
USUAL = ("chromium", "mosquitto")
LIMIT_S = 600


def found(program: str) -> str | None:
    """Return the path of a program that tests drive."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin")


def install(packages: tuple[str, ...]) -> str:
    """Install packages by apt.  Return what went wrong, or nothing."""
    apt = shutil.which("apt-get")
    if apt is None:
        return "there is no apt-get here"
    if os.geteuid() != 0:
        return "only root may install packages"
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        try:
            done = subprocess.run(
                [apt, "-qq", *words],
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=LIMIT_S,
            )
        except subprocess.TimeoutExpired:
            return f"apt-get {words[0]} took longer than {LIMIT_S} s"
        if done.returncode != 0:
            return f"apt-get {words[0]}: {done.stderr.strip()[-500:]}"
    return ""


def main() -> int:
    """Install where needed.  Return 1 where CI would go without."""
    missing = 0
    for program in sys.argv[1:] or USUAL:
        packages = NEEDS[program]
        if found(program):
            continue
        print(f"set-up: {program}", flush=True)
        why = install(packages)
        if found(program):
            continue
        missing += 1
        print(
            f"no {program} for the tests: {why or 'its package did not bring it'}; "
            f"they skip, and fail where CI is set; install it as root: apt-get install {' '.join(packages)}",
            file=sys.stderr,
        )
    return 1 if missing and os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
