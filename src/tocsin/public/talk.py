"""What the client of a WebSocket stream may say (RFC 6455): pings, good-bye, and texts for who reads them.

A stream keeps nothing for this but the bytes of a frame that is not whole.
"""

from __future__ import annotations

from typing import NamedTuple

FRAME_LIMIT = 4 * 1024  # bytes; nobody has more to say to a door that only speaks
_CLOSE, _PING, _PONG = 8, 9, 10
_TEXT, _WHOLE_TEXT = 1, 0x81
_KNOWN = {0, 1, 2, _CLOSE, _PING, _PONG}  # 5.2: a piece of a message, text, bytes
_NORMAL, _AGAINST_PROTOCOL, _TOO_BIG = 1000, 1002, 1009  # 7.4.1


class Heard(NamedTuple):
    """What comes of some bytes from a client."""

    answer: bytes
    left: bytes  # the beginning of a frame that is not whole
    ends: bool  # the connection is to be closed once the answer is written
    texts: tuple[bytes, ...] = ()  # whole messages of text, each in one frame


def hear(data: bytes) -> Heard:
    """Return the answer to what a client says.

    Args:
        data: What was left the last time, and what has come since.
    """
    answer, texts = b"", []
    while len(data) >= 2:
        first, second = data[0], data[1]
        opcode, size, head = first & 0x0F, second & 0x7F, 6
        if first & 0x70 or not second & 0x80 or opcode not in _KNOWN:
            return Heard(answer + _good_bye(_AGAINST_PROTOCOL), b"", True)  # 5.1: a client masks every frame
        if opcode >= _CLOSE and (size > 125 or not first & 0x80):  # 5.5
            return Heard(answer + _good_bye(_AGAINST_PROTOCOL), b"", True)
        if size > 125:
            head += 2 if size == 126 else 8
            if len(data) < head:
                break
            size = int.from_bytes(data[2 : head - 4], "big")
            if size > FRAME_LIMIT:
                return Heard(answer + _good_bye(_TOO_BIG), b"", True)
        if len(data) < head + size:
            break
        if opcode >= _CLOSE or first == _WHOLE_TEXT:
            payload = _unmasked(data[head : head + size], data[head - 4 : head])
            if opcode == _CLOSE:
                code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else _NORMAL
                return Heard(answer + _good_bye(code), b"", True)
            if opcode == _TEXT:
                texts.append(payload)
            if opcode == _PING:
                answer += bytes((0x80 | _PONG, size)) + payload
        data = data[head + size :]
    return Heard(answer, data, False, tuple(texts))


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    return bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


def _good_bye(code: int) -> bytes:
    return bytes((0x80 | _CLOSE, 2)) + code.to_bytes(2, "big")
