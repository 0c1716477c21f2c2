"""What a CAP event is about: what certainly is one of our threats, and nothing that only sounds like one."""

import pytest

from tests.cap import messages
from tocsin.cap.read import read_one
from tocsin.cap.threats import threats_of


def threats(event, code=""):
    """Return the threats of a message with an event and, if given, a code as SYSTEM=CODE."""
    system, _, value = code.partition("=")
    coded = f"<eventCode><valueName>{system}</valueName><value>{value}</value></eventCode>" if code else ""
    body = messages.alert(messages.info(event=event)).replace("<expires>", f"{coded}<expires>")
    message = read_one(body.encode()).message
    assert message is not None
    return [str(one) for one in threats_of(message.infos)]


@pytest.mark.parametrize(("event", "threat"), [
    ("Ракетна загроза", "air"), ("ЗАГРОЗА ЗАСТОСУВАННЯ БПЛА", "air"), (" Missile alert ", "air"),
    ("Загроза артилерійських обстрілів", "artillery"), ("Artillery shelling", "artillery"),
    ("Вуличні бої", "urban_fights"), ("Хімічна небезпека", "chemical"), ("Радіаційна небезпека", "nuclear"),
    ("Nuclear threat", "nuclear"),
])  # fmt: skip
def test_an_event_is_known_by_its_name_in_any_case(event, threat):
    assert threats(event) == [threat]


@pytest.mark.parametrize("event", [
    "Ракетна загроза минула", "Thunderstorm", "Хімія", "Civil Danger Warning", "Навчальна тривога", "Air",
    "Air quality alert", "Гроза", "Test", "",
])  # fmt: skip
def test_what_no_row_knows_is_not_guessed_at(event):
    """A word more may turn it round; a weather warning is none of ours.  It goes to a person."""
    assert threats(event) == []


@pytest.mark.parametrize(("code", "found"), [
    ("SAME=NUW", ["nuclear"]), ("same=rhw", ["nuclear"]), ("SAME=HMW", ["chemical"]), ("TOCSIN=air", ["air"]),
    ("SAME=TOR", []), ("SAME=CDW", []), ("SAME=RWT", []), ("OTHER=NUW", []), ("TOCSIN=weather", []),
])  # fmt: skip
def test_a_code_counts_in_its_own_system_only(code, found):
    assert threats("Something", code) == found


def test_a_code_counts_before_the_name():
    """Names are words of people; a code is what the issuer's system says."""
    assert threats("Повітряна тривога", "SAME=NUW") == ["nuclear"]
