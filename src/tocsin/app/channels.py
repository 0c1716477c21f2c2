"""The channels of a server: a thread and a loop of their own, so that no endpoint is in anybody's way.

Only the actual realm has endpoints.  They are named in `subscribers.db` by commands, and begin and end
within `LOOK_S` of that.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tocsin.app.clock import Clock
from tocsin.app.delivery import Delivery, Recent
from tocsin.app.listen import serving
from tocsin.app.push import PushDesk
from tocsin.app.station import News
from tocsin.areas import Areas
from tocsin.channels import Channel, Endpoint
from tocsin.channels.apprise import Service
from tocsin.channels.guard import Caller, read_allowed
from tocsin.channels.mqtt import Mqtt
from tocsin.channels.siren import Siren
from tocsin.channels.subscribers import Subscribers
from tocsin.channels.webhook import Webhook
from tocsin.channels.webpush import Signer, WebPush
from tocsin.config import address
from tocsin.errors import ConfigError, TocsinError
from tocsin.model import Realm

if TYPE_CHECKING:
    from tocsin.app.outlet import Outlet

_log = logging.getLogger("tocsin")

LOOK_S = 0.5  # how often it is looked whether endpoints were added or removed
SECRETS_S = 60.0  # how often it is looked whether an old secret is no longer in force
BYE_S = 3.0  # how long endpoints have to hear that we end


class Means(NamedTuple):
    """What channels are made with."""

    caller: Caller
    now: Callable[[], datetime]
    areas: Areas
    subscribers: Subscribers
    signer: Signer | None  # None: no browser can subscribe


def _web_push(endpoint: Endpoint, means: Means) -> Channel:
    if means.signer is None:
        raise ConfigError("no browser can subscribe here", todo="set push to HOST:PORT")
    return WebPush(means.subscribers, means.caller, means.signer, means.areas.up_to_board, means.now)


def _siren(endpoint: Endpoint, means: Means) -> Channel:
    around = {above for area in endpoint.areas for above in means.areas.chain(area)}
    number = partial(means.subscribers.number, endpoint.name)
    return Siren(endpoint, means.caller.allowed, means.caller.context, around, means.now, number)


MAKERS: Mapping[str, Callable[[Endpoint, Means], Channel]] = {
    "webhook": lambda endpoint, means: Webhook(endpoint, means.caller),
    "mqtt": lambda endpoint, means: Mqtt(endpoint, means.caller.allowed, means.caller.context, means.now),
    "webpush": _web_push,
    "apprise": lambda endpoint, means: Service(endpoint, means.areas.name),
    "siren": _siren,
}


class Channels:
    """Everybody who is told beside the public door.

    Args:
        folder: Where `subscribers.db` lies.
        recent: What was said, to be used by our thread alone from here on.
        clock: The time.
        settings: ``channels_allow`` and ``channels_ca``.
        timed: Called in our thread with a channel and when the cause of a confirmed alert was accepted.

    Raises:
        ConfigError: Another realm than the actual one, or a setting that cannot be.
    """

    def __init__(
        self,
        folder: Path,
        recent: Recent,
        clock: Clock,
        settings: Mapping[str, Any],
        timed: Callable[[str, float], None] = lambda channel, accepted: None,
    ) -> None:
        if recent.realm is not Realm.ACTUAL:
            raise ConfigError(
                f"the realm {recent.realm} has no channels", todo="only the actual realm has any"
            )
        self._recent = recent
        self._clock = clock
        self._timed = timed
        authorities = settings["channels_ca"]
        allowed = read_allowed(settings["channels_allow"])
        self._caller = Caller(allowed, None if authorities == "none" else authorities)
        self._subscribers = Subscribers(folder)
        self._push = None if settings["push"] == "off" else address(settings["push"], "push")
        signer = None if self._push is None else Signer(folder / "push.key", settings["push_contact"])
        self._means = Means(self._caller, clock.now, recent.areas, self._subscribers, signer)
        self.push_at: str | None = None
        self._up = threading.Event()
        self._refusal: ConfigError | None = None
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._running: dict[str, tuple[Delivery, asyncio.Task[None]]] = {}
        self._refused: dict[str, str] = {}
        self._thread = threading.Thread(target=self._run, name="channels", daemon=True)

    def start(self) -> None:
        """Begin to tell.

        Raises:
            ConfigError: The address for subscriptions cannot be had.
        """
        self._thread.start()
        self._up.wait()
        if self._refusal is not None:
            raise self._refusal

    def hear(self, news: News) -> None:
        """Take in what became durable.  From any thread; it waits for nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._hear, news)

    @property
    def alive(self) -> bool:
        """Whether our thread runs.  It ends by `stop`, or by a fault of ours."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Say good-bye to every endpoint, and end."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(2 * BYE_S)

    def report(self, last: int = 20) -> Future[dict[str, Any]]:
        """Return what will be the endpoints and the receipts of the last alerts.  From any thread."""
        return asyncio.run_coroutine_threadsafe(self._report(last), self._loop)

    # In our thread

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except ConfigError as error:
            self._refusal = error
        except Exception:
            _log.exception("the channels have ended: a fault of ours")
        finally:
            self._up.set()
            self._loop.close()

    async def _serve(self) -> None:
        """Tell, and let browsers subscribe where that is asked for."""
        async with contextlib.AsyncExitStack() as stack:
            signer = self._means.signer
            if self._push is not None and signer is not None:
                desk = PushDesk(
                    self._recent.areas,
                    self._subscribers,
                    signer.public,
                    self._caller.allowed,
                    self._clock.lasted,
                )
                self.push_at = await stack.enter_async_context(serving(desk.app, "push", *self._push))
                self._subscribers.add_once(Endpoint("webpush", "webpush", "", ()), self._clock.now())
            self._up.set()
            await self._watch()

    async def _watch(self) -> None:
        seen, due = -1, 0.0
        while not self._stop.is_set():
            try:
                version = self._subscribers.version()
                if version != seen or self._clock.lasted() >= due:
                    seen, due = version, self._clock.lasted() + SECRETS_S
                    await self._take_over()
            except TocsinError as error:  # the disk: those that are told now are told on
                _log.error("%s", error)
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._stop.wait()
            except TimeoutError:
                continue
        await asyncio.gather(*(self._end(name) for name in list(self._running)))
        await self._caller.close()

    async def _take_over(self) -> None:
        """Begin with endpoints that are new or were changed, and end those that are gone."""
        wanted = {endpoint.name: endpoint for endpoint in self._subscribers.all(self._clock.now())}
        gone = [name for name, (one, _) in self._running.items() if wanted.get(name) != one.endpoint]
        await asyncio.gather(*map(self._end, gone))
        for name, endpoint in wanted.items():
            if name in self._running or (endpoint.channel == "webpush" and self._push is None):
                continue
            try:
                channel = MAKERS[endpoint.channel](endpoint, self._means)
                delivery = Delivery(endpoint, channel, self._recent, self._subscribers, self._timed)
            except (TocsinError, KeyError, ValueError) as error:
                if self._refused.get(name) != str(error):
                    _log.error("channel %s cannot be told: %s", name, error)
                self._refused[name] = str(error)
                continue
            self._refused.pop(name, None)
            self._running[name] = delivery, asyncio.create_task(delivery.run())

    async def _end(self, name: str) -> None:
        delivery, task = self._running.pop(name)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        try:
            async with asyncio.timeout(BYE_S):
                await delivery.channel.close()
        except Exception as error:
            _log.warning("channel %s: no good-bye: %s", name, error)

    def _hear(self, news: News) -> None:
        said = self._recent.hear(news)
        if not said:
            return
        deliveries = [delivery for delivery, _ in self._running.values()]
        for delivery in deliveries:
            delivery.wake()  # its task runs after this, so what is noted below is noted first
        expected = [
            (one.endpoint.name, each.seq, each.at)
            for one in deliveries
            for each in said
            if one.wish is None or not one.wish.isdisjoint(each.alert.areas)
        ]
        self._subscribers.expect(self._recent.epoch, expected)

    async def _report(self, last: int) -> dict[str, Any]:
        return report_of(self._subscribers, self._clock, last, self.states())

    def states(self) -> dict[str, str | None]:
        """Return what is wrong with each endpoint now; None: it confirmed the last that it was told."""
        return {
            **{name: delivery.trouble for name, (delivery, _) in self._running.items()},
            **self._refused,
        }


def tell_channels(
    outlet: Outlet, folder: Path, settings: Mapping[str, Any]
) -> Callable[[int], Awaitable[dict[str, Any]]]:
    """Tell who is told beside an outlet's public door; returns what gives the receipts of the last alerts.

    To be called in the outlet's loop, before anything was published.

    Raises:
        ConfigError: The outlet is of another realm than the actual one, or a setting cannot be.
    """
    loop = asyncio.get_running_loop()

    def timed(channel: str, accepted: float) -> None:
        sent, now = outlet.clock.lasted(), outlet.clock.now()
        loop.call_soon_threadsafe(outlet.figures.note_sent, channel, [accepted], sent, now)

    channels = outlet.channels = Channels(folder, outlet.recent, outlet.clock, settings, timed)
    channels.start()

    async def receipts(last: int) -> dict[str, Any]:
        return await asyncio.wrap_future(channels.report(last))

    return receipts


def report_of(
    subscribers: Subscribers, clock: Clock, last: int, states: Mapping[str, str | None] | None = None
) -> dict[str, Any]:
    """Return the endpoints, without their secrets, and the receipts of the last alerts.

    Args:
        subscribers: Where they are kept.
        clock: The time.
        last: How many alerts.
        states: What is wrong with each endpoint, where a server tells; without, it is left out.
    """
    endpoints = []
    for endpoint in subscribers.all(clock.now()):
        shown: dict[str, Any] = {
            "name": endpoint.name,
            "channel": endpoint.channel,
            "areas": list(endpoint.areas),
        }
        if states is not None:
            shown["trouble"] = states.get(endpoint.name, "not begun yet")
        endpoints.append(shown)
    alerts = [
        {
            "epoch": epoch,
            "seq": seq,
            "confirmed": sum(one.confirmed is not None for one in receipts),
            "of": len(receipts),
            "receipts": [one.json() for one in receipts],
        }
        for epoch, seq, receipts in subscribers.receipts(last)
    ]
    return {"endpoints": endpoints, "alerts": alerts}
