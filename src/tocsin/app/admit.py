"""What a station does not take in, since it cannot be so: an end of nothing, a raise not to be set aside."""

from __future__ import annotations

from tocsin.errors import SourceError
from tocsin.model import Act, Aside, Signal
from tocsin.views.history import PACK
from tocsin.warn.board import Board


def admit(signal: Signal, board: Board) -> None:
    """Do nothing if a signal can be so.

    Raises:
        SourceError: It ends what its source never raised.
    """
    if signal.state != Act.RAISED and not board.was_raised(signal.source, signal.area, signal.threat):
        raise SourceError(
            f"area: {signal.area} was never raised for {signal.threat} by {signal.source}, so there is "
            f"nothing for {signal.state} to end",
            todo="check area and threat; a feed says what is not raised by its contact",
            area=signal.area,
        )


def admit_aside(ruled: Aside, board: Board, heard_s: float | None) -> None:
    """Do nothing if a raise may be set aside: its source holds it, and cannot be heard.

    Args:
        ruled: What two people ruled.
        board: The realm's board.
        heard_s: How many seconds ago its source was heard; None: not by this process.

    Raises:
        SourceError: It may not.
    """
    source = board.sources.get(ruled.source)
    if source is None or ruled.source == PACK or (ruled.area, ruled.threat) not in board.holds(ruled.source):
        raise SourceError(
            f"{ruled.source} does not hold {ruled.area} raised for {ruled.threat}; nothing was set aside",
            todo="look at the board: it was ended, or set aside already",
            area=ruled.area,
        )
    silence_s = source.contract.silence_s if source.contract else 0.0
    if source.held or (heard_s is not None and heard_s < silence_s):
        raise SourceError(
            f"{ruled.source} can be heard; nothing was set aside",
            todo="ask it for its all clear: only what a silent source holds can be set aside",
            area=ruled.area,
        )
