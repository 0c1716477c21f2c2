"""Keeps the record's pages of a running server up to date, by a process that ends when they are made.

They are made again when a report, a ruling or a bulletin was appended, when an alert changes what the embargo
lets through, and every `AGE_S`, because time lifts it too.  After a ruling nothing is shown until they are:
it may have withheld what they say.  What is older than `OLD_S` is not shown either.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from tocsin.log.sqlite import SqliteLog
from tocsin.model import Realm
from tocsin.public.record import Leaves, Prepared

_log = logging.getLogger("tocsin")

AGE_S = 300.0  # they are made again at least this often
OLD_S = 1_200.0  # older ones are not shown
REST_S = 2.0  # between two makings at least, and four times what the last one took
AGAIN_S = 30.0  # when to try again what failed
_LONGEST_S = 600.0  # a making that takes longer is ended


class Recorded:
    """The pages of one data folder's record.

    Args:
        folder: The data folder.
        country: Its country pack.
    """

    def __init__(self, folder: Path, country: str) -> None:
        self._folder, self._country = folder, country
        self.leaves = Leaves()

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Keep the pages up to date while the block runs."""
        if await asyncio.to_thread(_has_record, self._folder):
            self.leaves.begun = True
            self.leaves.asked.set()
        task = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _keep(self) -> None:
        good = time.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.leaves.asked.wait(), AGE_S)
            if not self.leaves.begun:
                continue
            self.leaves.asked.clear()
            begun, self.leaves.ruled = time.monotonic(), False
            prepared = await self._make()
            took = time.monotonic() - begun
            if self.leaves.ruled:  # while they were made
                self.leaves.asked.set()
            elif prepared is not None:
                self.leaves.show(prepared)
                good = begun
            else:
                self.leaves.asked.set()
                if time.monotonic() - good > OLD_S:
                    self.leaves.show(None)
            await asyncio.sleep(max(REST_S if prepared else AGAIN_S, 4 * took))

    async def _make(self) -> Prepared | None:
        """Return the pages as they are now; None where they cannot be made, which is logged."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tocsin.app.leaves", str(self._folder), self._country),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            made, said = await asyncio.wait_for(process.communicate(), _LONGEST_S)
        except TimeoutError:
            _log.warning("the pages of the record were not made within %.0f s", _LONGEST_S)
            return None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            last = said.decode(errors="replace").strip().rpartition("\n")[2]
            _log.warning("the pages of the record cannot be made: %s", last)
            return None
        return await asyncio.to_thread(msgspec.msgpack.decode, made, type=Prepared)


def _has_record(folder: Path) -> bool:
    log = SqliteLog(folder / "log.db", realm=Realm.ACTUAL, append=False)
    try:
        return any(log.has_keys(prefix) for prefix in ("report/", "bulletin/"))
    finally:
        log.close()
