"""Ukrainian numbers: "28", "110-ма", "12х", "двадцять одна", "сімох", "двох десятків", "50 тисяч".

The forms are made from a small table of endings, so each case of each numeral is there once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tocsin.record.grammar import Number
from tocsin.record.text import Token

_FORMS = {
    1: "один одна одне одного однієї одну одним однією одному одній",
    2: "два дві двох двом двома двоє",
    3: "три трьох трьом трьома троє",
    4: "чотири чотирьох чотирьом чотирма четверо четверта",
    5: "п'ять п'яти п'ятьох п'ятьом п'ятьма п'ятьома п'ятеро",
    6: "шість шести шістьох шістьом шістьма шістьома шестеро",
    7: "сім семи сімох сімом сьома сімома семеро",
    8: "вісім восьми вісьмох вісьмом вісьма вісьмома восьмеро",
    9: "дев'ять дев'яти дев'ятьох дев'ятьом дев'ятьма дев'ятьома дев'ятеро",
    10: "десять десяти десятьох десятьом десятьма десятьома десятеро",
    11: "одинадцять", 12: "дванадцять", 13: "тринадцять", 14: "чотирнадцять", 15: "п'ятнадцять",
    16: "шістнадцять", 17: "сімнадцять", 18: "вісімнадцять", 19: "дев'ятнадцять",
    20: "двадцять", 30: "тридцять",
    40: "сорок сорока", 50: "п'ятдесят п'ятдесяти", 60: "шістдесят шістдесяти", 70: "сімдесят сімдесяти",
    80: "вісімдесят вісімдесяти", 90: "дев'яносто дев'яноста",
    100: "сто ста", 200: "двісті двохсот двомастами", 300: "триста трьохсот", 400: "чотириста чотирьохсот",
    500: "п'ятсот п'ятисот", 600: "шістсот шестисот", 700: "сімсот семисот", 800: "вісімсот восьмисот",
    900: "дев'ятсот дев'ятисот",
}  # fmt: skip
_WORDS = {word: value for value, words in _FORMS.items() for word in words.split()}
for _value in (
    *range(11, 20),
    20,
    30,
):  # the regular ones: одинадцяти, одинадцятьох, одинадцятьма, одинадцятеро
    _stem = _FORMS[_value].removesuffix("ь")
    for _ending in ("и", "ьох", "ьом", "ьма", "ьома", "еро"):
        _WORDS[_stem + _ending] = _value
_SCALES = {
    "десяток": 10,
    "десятка": 10,
    "десятки": 10,
    "десятків": 10,
    "сотня": 100,
    "сотню": 100,
    "сотні": 100,
    "сотень": 100,
} | dict.fromkeys(("тисяча", "тисячі", "тисяч", "тисячу", "тисячами", "тис"), 1000)
_HALVES = {"півсотні": 50, "півсотня": 50, "півтисячі": 500, "півтора": 1.5, "півтори": 1.5, "пів": 0.5}
_FIGURES = re.compile(
    r"(\d{1,3}(?:[ ,\u00a0\u202f]\d{3})+|\d+)(?:[.,](\d+))?(?:-?(?:ма|ти|х|та|ть|ою|ох|ми|мя|ро|м|ю|а))?$"
)
_ORDINAL = re.compile(r"\d+-(?:го|й|ї|ій|ому|ша|га|те|им|ту)$")


def number(words: Sequence[Token], place: int) -> Number | None:
    """Return the number that begins at a token, if one does."""
    norm = words[place].norm
    if norm[0].isdigit():
        return _figures(words, place)
    value = _WORDS.get(norm)
    if value is not None:
        return _go_on(words, place, value)
    if norm in _HALVES:
        return _half(words, place, norm)
    if norm in ("десяток", "десятка", "десятку") and not _is(words, place - 1, "кілька", "декілька"):
        return Number(10, place + 1)
    return None


def _half(words: Sequence[Token], place: int, norm: str) -> Number | None:
    """Return "півсотні" and "півтори тисячі"."""
    value = _HALVES[norm]
    if value >= 50:
        return Number(int(value), place + 1)
    scale = _SCALES.get(words[place + 1].norm) if place + 1 < len(words) else None
    return Number(int(value * scale), place + 2) if scale else None


def _figures(words: Sequence[Token], place: int) -> Number | None:
    found = _FIGURES.match(words[place].norm)
    if not found or _ORDINAL.match(words[place].norm):
        return None
    whole = int(re.sub(r"\D", "", found[1]))
    last = place + 1
    if (
        last + 1 < len(words)
        and words[last].norm == "-"
        and words[last + 1].norm in ("ма", "ти", "х", "м", "та")
    ):
        last += 2  # "110 -ма"
    scale = _SCALES.get(words[last].norm, 0) if last < len(words) else 0
    if scale and last + 1 < len(words) and words[last].norm == "тис" and words[last + 1].norm == ".":
        last += 1
    if found[2] is not None:
        return Number(round(float(f"{whole}.{found[2]}") * scale), last + 1) if scale >= 1000 else None
    return Number(whole * scale, last + 1) if scale >= 100 else Number(whole, last)


def _go_on(words: Sequence[Token], place: int, value: int) -> Number:
    """Return the number with what follows: "двадцять одна", "п'ятдесят тисяч", "двох десятків"."""
    last = place + 1
    while last < len(words):
        norm = words[last].norm
        small = _WORDS.get(norm)
        if norm in _SCALES:
            value, last = value * _SCALES[norm], last + 1
        elif small is not None and value >= 20 and small < (10 if value % 100 else 100) and value % 10 == 0:
            value, last = value + small, last + 1
        else:
            break
    return Number(value, last)


def _is(words: Sequence[Token], place: int, *wanted: str) -> bool:
    return 0 <= place < len(words) and words[place].norm in wanted
