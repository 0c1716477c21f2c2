"""Install Debian's Chromium for the browser tests, where it is missing and this user may.

Without it the browser tests skip.  Where CI is set that would be a hole, so there it is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PACKAGES = ("chromium", "fonts-dejavu-core")  # the fonts: without them Cyrillic is drawn as boxes
LIMIT_S = 600


def chromium() -> str | None:
    """Return the path of the browser that the tests drive."""
    return shutil.which("chromium")


def install() -> str:
    """Install the browser by apt.  Return what went wrong, or nothing."""
    apt = shutil.which("apt-get")
    if apt is None:
        return "there is no apt-get here"
    if os.geteuid() != 0:
        return "only root may install packages"
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
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
    if chromium():
        return 0
    print("set-up: Chromium for the browser tests", flush=True)
    why = install()
    if chromium():
        return 0
    print(
        f"no browser for the tests: {why or 'its package brought no chromium'}; "
        f"they skip, and fail where CI is set; install it as root: apt-get install {' '.join(PACKAGES)}",
        file=sys.stderr,
    )
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
