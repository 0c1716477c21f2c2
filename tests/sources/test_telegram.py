"""What messages of a channel say, and what looks like an all clear and is none."""

import json

import pytest

from tests.sources.formats import UA
from tocsin.sources import Payload
from tocsin.sources.telegram import Telegram
from tocsin.testing.sources import AT, SourcePromises


def post(*lines, **more):
    """Return a message."""
    said = {"channel": 77, "id": 5, "sent": "2024-01-02T03:53:57Z", "text": "\n".join(lines), **more}
    return json.dumps(said, ensure_ascii=False).encode()


class TestTelegram(SourcePromises):
    """The promises."""

    raises = post("🔴 05:53 Повітряна тривога в м. Київ", "Тримайтеся укриття!", "#м_Київ")
    quiet = post("Доброго ранку!")
    text = True

    def make(self):
        """Return the format."""
        return Telegram(77, UA.find)


def said(*lines, **more):
    """Return what a message says, in short."""
    heard = Telegram(77, UA.find).decode(Payload(post(*lines, **more), AT))
    assert not heard.complete and not heard.alive, "a channel has no list of what holds"
    return [(str(one.act), one.area) for one in heard.sayings]


def test_a_raise_and_an_all_clear():
    """In one region, and in several."""
    assert said("🔴 05:53 Повітряна тривога в Харківська область", "#Харківська_область") == [
        ("raised", "UA63")
    ]
    assert said("🟢 06:10 Відбій тривоги в Харківська область.", "#Харківська_область") == [("clear", "UA63")]
    several = said(
        "🔴 05:53 Повітряна тривога в:", "• Харківська область", "• м. Київ", "#Харківська_область #м_Київ"
    )
    assert several == [("raised", "UA63"), ("raised", "UA80")]


def test_a_partial_all_clear_raises_where_it_goes_on():
    """The parts first, so that no moment is clear in between."""
    found = said(
        "🟡 06:10 Відбій тривоги в Харківська область.", "Зверніть увагу, тривога ще триває у:",
        "• Чугуївський район", "#Харківська_область",
    )  # fmt: skip
    assert found == [("raised", UA.find("Чугуївський район")), ("clear", "UA63")]


@pytest.mark.parametrize(
    "lines",
    [
        ("🟡 Відбій по кабам", "#Харківська_область"),
        ("🟡 06:10 Відбій загрози балістики в Харківська область", "#Харківська_область"),
        ("🟡 06:10 Відбій тривоги в Харківська область.", "#Харківська_область"),
        ("🟢 06:10 Відбій тривоги в Харківська область.",),
        ("🟢 06:10 Відбій тривоги в Харківська область. Але КАБи ще летять", "#Харківська_область"),
        ("🔴 06:10 Відбій тривоги в Харківська область.", "#Харківська_область"),
        ("🟢 06:10 Відбій тривоги в Тестовий Регіон", "#Тестовий_Регіон"),
        ("🔴 06:10 Повітряна тривога в Тестовий Регіон", "#Тестовий_Регіон"),
        ("🟢 Відбій тривоги в Харківська область.", "#Харківська_область"),
        ("Чули: 🟢 06:10 Відбій тривоги в Харківська область.", "#Харківська_область"),
        ("🟢 06:10 Відбій тривоги в", "#Харківська_область"),
        ("🟢 06:10 Відбій тривоги в Тридев'яте царство.", "#казка"),
    ],
)
def test_what_is_not_wholly_of_the_manner_says_nothing(lines):
    """Comments on single weapons, test regions, signs and words that differ, places that are not known."""
    assert said(*lines) == []


def test_what_others_say_says_nothing():
    """Forwarded, or of another channel of the same name."""
    lines = ("🟢 06:10 Відбій тривоги в м. Київ.", "#м_Київ")
    assert said(*lines) == [("clear", "UA80")]
    assert said(*lines, forwarded=True) == said(*lines, channel=78) == []


def test_an_edited_message_is_another_message():
    """It has a name and a time of its own."""
    source = Telegram(77, UA.find)
    lines = ("🟢 06:10 Відбій тривоги в м. Київ.", "#м_Київ")
    plain, edited = (
        source.decode(Payload(post(*lines, **more), AT)).sayings[0]
        for more in ({}, {"edited": "2024-01-02T03:55:00Z"})
    )
    assert plain.id != edited.id and plain.sent < edited.sent
