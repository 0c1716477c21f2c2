"""What WebSocket clients say: pings and good-byes are answered, anything else is read over, in any pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Close, Frame, Opcode

from tocsin.public.talk import FRAME_LIMIT, hear

AGAINST_PROTOCOL, TOO_BIG = 1002, 1009
_small = st.binary(max_size=125)
_said = st.one_of(
    st.tuples(st.just(Opcode.PING), _small),
    st.tuples(st.just(Opcode.PONG), _small),
    st.tuples(st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.CONT]), st.binary(max_size=FRAME_LIMIT)),
)


def said(opcode, payload=b"", *, masked=True, fin=True):
    """Return a frame as a client sends it."""
    return Frame(opcode, payload, fin=fin).serialize(mask=masked)


def told(opcode, payload=b""):
    """Return a frame as a server sends it."""
    return Frame(opcode, payload).serialize(mask=False)


def good_bye(code):
    return told(Opcode.CLOSE, Close(code, "").serialize())


@given(st.lists(_said, max_size=8), st.data())
def test_each_ping_is_answered_once_however_the_bytes_come(frames, data):
    """Cut anywhere, joined anyhow; what is no ping is not answered, texts are handed on, nothing ends."""
    text = b"".join(said(*frame) for frame in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    answer = left = b""
    texts: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        heard = hear(left + text[start:end])
        answer, left = answer + heard.answer, heard.left
        assert not heard.ends
        assert len(left) < FRAME_LIMIT + 14, "no more is kept than one frame"
        texts += heard.texts
    assert texts == [payload for opcode, payload in frames if opcode is Opcode.TEXT]
    pings = [payload for opcode, payload in frames if opcode is Opcode.PING]
    assert answer == b"".join(told(Opcode.PONG, payload) for payload in pings)
    assert left == b""


def test_a_good_bye_is_answered_with_its_own_code():
    """And what comes behind it is not read."""
    for payload, code in ((b"", 1000), (Close(1001, "leaving").serialize(), 1001)):
        heard = hear(said(Opcode.PING, b"a") + said(Opcode.CLOSE, payload) + said(Opcode.PING, b"b"))
        assert heard == (told(Opcode.PONG, b"a") + good_bye(code), b"", True, ())


def test_what_is_against_the_protocol_ends_the_connection():
    """RFC 6455: unmasked, an unknown opcode, reserved bits, a long ping, a ping in pieces."""
    reserved = bytes([said(Opcode.TEXT, b"x")[0] | 0x40]) + said(Opcode.TEXT, b"x")[1:]
    unknown = bytes([0x83]) + said(Opcode.TEXT, b"x")[1:]
    long_ping = bytes([0x89]) + said(Opcode.TEXT, b"x" * 200)[1:]
    ping_in_pieces = bytes([0x09]) + said(Opcode.PING, b"x")[1:]
    for wrong in (said(Opcode.TEXT, b"x", masked=False), reserved, unknown, long_ping, ping_in_pieces):
        assert (good_bye(AGAINST_PROTOCOL), b"", True) == hear(wrong)[:3]


def test_a_frame_that_is_too_long_is_refused_before_it_has_come():
    """No memory is given for it."""
    for size in (FRAME_LIMIT + 1, 1 << 20, 1 << 40):
        head = said(Opcode.BINARY, b"x" * 70_000 if size > 0xFFFF else b"x" * size)[:14]
        if size > 0xFFFF:
            head = head[:2] + size.to_bytes(8, "big") + head[10:14]
        assert (good_bye(TOO_BIG), b"", True) == hear(head)[:3]
