"""One alert, from what a feed posts to what a subscriber reads.  A newcomer begins here."""

from datetime import UTC, datetime

from tocsin import wire
from tocsin.countries import load
from tocsin.hub import Hub, wish_for
from tocsin.log.memory import MemoryLog
from tocsin.model import Contract, Realm, Signal
from tocsin.public import frames
from tocsin.warn.board import Board

POSTED = (
    b"""{"id": "a1", "area": "UA80", "threat": "air", "state": "raised", "sent": "2024-01-02T03:53:57Z"}"""
)


def test_one_alert_from_source_to_subscriber():
    areas = load("ua").areas
    log, board = MemoryLog(Realm.ACTUAL), Board(areas, Realm.ACTUAL)
    hub = Hub(log.epoch, head=0, limit=100)
    now = datetime(2024, 1, 2, 3, 53, 58, tzinfo=UTC)

    # 0  A person has ruled what this feed may report.
    contract = Contract(Realm.ACTUAL, "feed", ("UA",), ("air",))
    board.learn(log.append("contract/feed/1", wire.encode(contract), now).seq, now, contract)

    # 1  The source's bytes become a signal.
    form = wire.read_form(POSTED, wire.SignalForm)
    signal = Signal(Realm.ACTUAL, "feed", form.id, form.area, form.threat, form.state, form.sent)

    # 2  It is heard: from here on it survives a power cut.  3  The board says what the public is to be told.
    # 4  That is logged with it, in one batch; its place is the id that subscribers resume from.
    with log.batch():
        heard = log.append("signal/feed/a1", wire.encode(signal), now).seq
        alerts = board.hear(heard, now, signal)
        said = [
            log.append(f"alert/{heard}/{n}", wire.encode(alert), now).seq for n, alert in enumerate(alerts)
        ]
    kyiv = next(alert for alert in alerts if alert.areas == ("UA80",))
    assert (kyiv.state, kyiv.since, kyiv.sources) == ("raised", form.sent, ("feed",))

    # 5  The hub knows who wants it and has not been told.  6  It goes out as bytes.
    moment = frames.Moment(log.epoch, log.head.seq, log.realm, now, {}, None)
    hub.add([frames.event_of(seq, alert, moment) for seq, alert in zip(said, alerts, strict=True)], said[-1])
    sent = b"".join(event.sse for event in hub.behind(heard, wish_for(areas, ["UA80"])))

    # 7  What a subscriber reads.
    assert f"id: {log.epoch}-{said[0]}\nevent: alert\n".encode() in sent
    assert b'"area":"UA80"' in sent
    assert b'"state":"raised"' in sent
    assert b'"since":"2024-01-02T03:53:57Z"' in sent
