"""The examples in docs/design/board.md are what the board answers."""

import re
from collections.abc import Callable

import pytest

from tests.docs.pages import DOCS
from tests.warn.desk import UA, Desk

OBLAST = "UA32"
RAION, ANOTHER = UA.whole_children(OBLAST)[:2]
Story = Callable[[Desk], object]


def _steps(*steps: Story) -> Story:
    return lambda desk: [step(desk) for step in steps]


def _raise(area: str, seconds: int, source: str = "a") -> Story:
    return lambda desk: desk.raised(area, seconds, source)


def _clear(area: str, seconds: int, source: str = "a") -> Story:
    return lambda desk: desk.clear(area, seconds, source)


def _nothing_listed(seconds: int) -> Story:
    return lambda desk: desk.contact(seconds=seconds, source="a")


def _cancel(desk: Desk) -> object:
    return desk.cancel(OBLAST, 3, "a")


def _quiet(desk: Desk) -> object:
    return desk.quiet(9, "a")


def _lapse(desk: Desk) -> object:
    return desk.lapse(62)


RAISE_CLEAR = _steps(_raise(OBLAST, 1), _clear(OBLAST, 2))
IN_CONTACT = {
    "A raises the oblast": _raise(OBLAST, 1),
    "A raises the raion": _raise(RAION, 1),
    "A raises the oblast, B says clear of it": _steps(_raise(OBLAST, 1), _clear(OBLAST, 2, "b")),
    "A and B raise the oblast, A says clear of it": _steps(_raise(OBLAST, 1, "b"), RAISE_CLEAR),
    "A raises the oblast, then says clear of the raion": _steps(_raise(OBLAST, 1), _clear(RAION, 2)),
    "A raises the oblast and the raion, then says clear of the oblast": _steps(
        _raise(RAION, 1), _raise(OBLAST, 1), _clear(OBLAST, 2)
    ),
    "A is in contact and lists nothing": _nothing_listed(1),
    "A raises, A says clear": RAISE_CLEAR,
    "A raises, B says clear, A says clear": _steps(
        _raise(OBLAST, 1), _clear(OBLAST, 2, "b"), _clear(OBLAST, 3)
    ),
    "B says clear, A raises, A cancels": _steps(_clear(OBLAST, 1, "b"), _raise(OBLAST, 2), _cancel),
    "A raises, A cancels": _steps(_raise(OBLAST, 1), _cancel),
    "A raises, A cancels, A is in contact and lists nothing": _steps(
        _raise(OBLAST, 1), _cancel, _nothing_listed(4)
    ),
    "A raises, A goes quiet": _steps(_raise(OBLAST, 1), _quiet),
    "a raise of 5 s, a clear of 3 s": _steps(_raise(OBLAST, 5), _clear(OBLAST, 3)),
    "a clear of 5 s, a raise of 3 s": _steps(_clear(OBLAST, 5), _raise(OBLAST, 3)),
    "a raise of 5 s, a clear of 5 s": _steps(_raise(OBLAST, 5), _clear(OBLAST, 5)),
}
OUT_OF_CONTACT = {
    "a contract, and nothing else": _steps(),
    "A alone is in contact and lists nothing, and goes quiet": _steps(_nothing_listed(1), _quiet),
    "A, never in contact, raises and says clear": RAISE_CLEAR,
    "A, never in contact, raises and says clear, and 60 s pass": _steps(RAISE_CLEAR, _lapse),
}


def rows() -> list[tuple[str, list[str]]]:
    """Return each row of the page's tables: what is said, and the states of oblast, raion, another raion."""
    text = (DOCS / "design" / "board.md").read_text(encoding="utf-8")
    found = []
    for line in re.findall(r"^\| (.+) \|$", text, re.MULTILINE):
        said, *states = line.split(" | ")
        if states[0] in ("raised", "partly", "clear", "unknown"):
            found.append((said, states))
    return found


@pytest.mark.parametrize(("said", "states"), rows(), ids=lambda value: str(value)[:60])
def test_an_example_is_what_the_board_answers(said, states):
    """Whoever changes a rule changes its example."""
    desk = Desk("a", "b")
    if said in IN_CONTACT:
        desk.contact(seconds=0, source="a")
        desk.contact(seconds=0, source="b")
        IN_CONTACT[said](desk)
    else:
        desk = Desk("a")
        OUT_OF_CONTACT[said](desk)

    assert [desk.state(area) for area in (OBLAST, RAION, ANOTHER)][: len(states)] == states


def test_the_page_has_every_example():
    """So that no story is tested that nobody reads."""
    assert {said for said, _ in rows()} == {*IN_CONTACT, *OUT_OF_CONTACT}
