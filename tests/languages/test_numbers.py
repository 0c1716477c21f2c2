"""Numbers are read in figures and in words, in the cases of a language, and ordinals are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.languages.en.numbers import number as english
from tocsin.languages.uk.numbers import number as ukrainian
from tocsin.record.text import tokens

ONES = [
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def in_words(value: int) -> str:
    """Return an English number below a million in words."""
    if value >= 1000:
        rest = in_words(value % 1000) if value % 1000 else ""
        return f"{in_words(value // 1000)} thousand {rest}".strip()
    if value >= 100:
        rest = f"and {in_words(value % 100)}" if value % 100 else ""
        return f"{ONES[value // 100 - 1]} hundred {rest}".strip()
    if value >= 20:
        return TENS[value // 10 - 2] + (f"-{ONES[value % 10 - 1]}" if value % 10 else "")
    return ONES[value - 1]


@given(st.integers(1, 999_999))
def test_an_english_number_in_words_is_the_number(value):
    """All of it, and nothing behind it."""
    words = list(tokens(in_words(value) + " drones"))

    assert english(words, 0) == (value, len(words) - 1)


@given(st.integers(1, 999_999))
def test_figures_may_be_grouped(value):
    """150,000 and 150 000 are one number."""
    for read in (english, ukrainian):
        for grouped in (
            str(value),
            f"{value:,}",
            f"{value:,}".replace(",", " "),
            f"{value:,}".replace(",", "\u00a0"),
        ):
            assert read(list(tokens(grouped)), 0) == (value, 1)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("сімох", 7), ("двоє", 2), ("дев'яти", 9), ("дев’ятьох", 9), ("п'ятеро", 5), ("двадцять одна", 21),
        ("сто тридцять два", 132), ("двох десятків", 20), ("50 тисяч", 50_000), ("29 тис.", 29_000),
        ("110-ма", 110), ("78-ти", 78), ("12х", 12), ("п'ятдесятьох", None), ("сорока", 40), ("двісті", 200),
        ("одинадцяти", 11), ("тринадцятьох", 13), ("однією", 1), ("1,5 тисячі", 1_500),
    ],
)  # fmt: skip
def test_a_ukrainian_number_is_read_in_its_cases(words, value):
    """Collective numerals, case endings on figures, tens and thousands."""
    found = ukrainian(list(tokens(words)), 0)

    assert (found.value if found else None) == value


@pytest.mark.parametrize(
    "words", ["2-го", "5-й", "16-річний", "9-поверховий", "Х-101", "С-300", "20:00", "22.02.26", "перший"]
)
def test_a_ukrainian_ordinal_an_age_or_a_model_is_no_count(words):
    """They never fill a count."""
    assert ukrainian(list(tokens(words)), 0) is None


@pytest.mark.parametrize("words", ["16-year-old", "Kh-101", "S-300", "20:00", "first", "a", "second"])
def test_an_english_age_or_model_is_no_count(words):
    """They never fill a count."""
    assert english(list(tokens(words)), 0) is None
