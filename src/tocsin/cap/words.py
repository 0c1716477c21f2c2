"""What our CAP messages say, in Ukrainian and in English.

The word that promises a reader that nothing can happen to them does not occur here.
"""

from __future__ import annotations

from tocsin.model import Threat

LANGUAGES = ("uk", "en")

EVENTS: dict[str, tuple[str, str]] = {
    # threat: (Ukrainian, English)
    "air": ("Повітряна тривога", "Air raid alert"),
    "artillery": ("Загроза артилерійського обстрілу", "Artillery alert"),
    "urban_fights": ("Загроза вуличних боїв", "Street fighting alert"),
    "chemical": ("Хімічна загроза", "Chemical alert"),
    "nuclear": ("Радіаційна загроза", "Radiation alert"),
}
_OTHER_EVENT = ("Тривога: {threat}", "Alert: {threat}")

HEADLINES: dict[str, tuple[str, str]] = {
    "raised": ("{event}: {areas}", "{event}: {areas}"),
    "partly": ("{event}, у частині: {areas}", "{event}, in part: {areas}"),
    "unknown": ("{event}, невідомо чи триває: {areas}", "{event}, not known whether it goes on: {areas}"),
    "set_aside": (
        "{event}, невідомо чи триває: джерело мовчить, установа відклала тривогу: {areas}",
        "{event}, not known whether it goes on: its source is silent, set aside by the office: {areas}",
    ),
    "clear": ("Відбій. {event}: {areas}", "All clear. {event}: {areas}"),
    "cancelled": ("Надіслано помилково. {event}: {areas}", "Sent in error. {event}: {areas}"),
}

_SHELTER = (
    "Негайно пройдіть в укриття. Залишайтеся там до відбою.",
    "Go to a shelter now. Stay there until the all clear.",
)
_INSIDE = (
    "Зайдіть у приміщення, зачиніть вікна, двері та вентиляцію. Чекайте на повідомлення.",
    "Go inside, shut windows, doors and ventilation. Wait for what you are told.",
)
INSTRUCTIONS: dict[str, tuple[str, str]] = {
    "raised": _SHELTER,
    "chemical": _INSIDE,
    "nuclear": _INSIDE,
    "partly": (
        "Тривога в частині цієї території. Дійте як під час тривоги, якщо не знаєте, де саме.",
        "A part of this area is under alert. Treat it as danger unless you know which.",
    ),
    "unknown": (
        "Відбою не було, підтвердження теж немає. Дійте як під час тривоги.",
        "There was no all clear, and nobody confirms the alert. Treat it as danger.",
    ),
    "set_aside": (
        "Відбою не було. Джерело тривоги мовчить, установа її відклала. Дійте як під час тривоги.",
        "There was no all clear. The alert's source is silent, and the office set it aside. "
        "Treat it as danger.",
    ),
    "clear": ("Ця загроза минула.", "This danger is over."),
    "cancelled": (
        "Тривогу надіслано помилково. Це не відбій: про небезпеку нічого не сказано.",
        "The alert was sent in error. This is not an all clear: it says nothing about danger.",
    ),
}

MARKS: dict[str, tuple[str, str]] = {"Exercise": ("НАВЧАННЯ. ", "EXERCISE. "), "Test": ("ТЕСТ. ", "TEST. ")}
"""What stands before every headline of a message that is not of real danger."""


def event_of(threat: Threat, language: str) -> str:
    """Return what a threat is called; a code that we have no word for is shown as it is."""
    return EVENTS.get(threat, _OTHER_EVENT)[LANGUAGES.index(language)].format(threat=threat)


def headline_of(said: str, event: str, areas: str, language: str) -> str:
    """Return one line.

    Args:
        said: A key of `HEADLINES`.
        event: From `event_of`.
        areas: Their names, in the language.
        language: One of `LANGUAGES`.
    """
    return HEADLINES[said][LANGUAGES.index(language)].format(event=event, areas=areas)


def instruction_of(said: str, threat: Threat, language: str) -> str:
    """Return what people are to do."""
    known = INSTRUCTIONS.get(threat) if said == "raised" else None
    return (known or INSTRUCTIONS[said])[LANGUAGES.index(language)]
