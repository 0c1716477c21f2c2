"""A place as written is an area only where it is certain which."""

import pytest

from tocsin.countries import load
from tocsin.languages import gazetteer

PLACES = gazetteer(load("ua"))


@pytest.mark.parametrize(
    ("words", "area", "precision"),
    [
        ("у Києві", "UA80", "oblast"),
        ("на Київщині", "UA32", "oblast"),
        ("the Kyiv region", "UA32", "oblast"),
        ("Kyiv’s Pecherskyi district", "UA80", "oblast"),
        ("по Харкову", "UA6312027001", "city"),
        ("Kharkiv Oblast", "UA63", "oblast"),
        ("Одещина", "UA51", "oblast"),
        ("Донеччині", "UA14", "oblast"),
        ("у Львові", "UA4606025001", "city"),
        ("the seaside city of Odesa", "UA5110027001", "city"),
        ("у Фастівському районі Київщини", "UA3214", "raion"),
        ("Куп’янський район", "UA6308", "raion"),
        ("[Тернополі]", "UA6104049001", "city"),
        ("across Ukraine", "UA", "country"),
    ],
)
def test_a_name_in_any_case_is_its_area(words, area, precision):
    """A city is not its oblast, and the finest of areas in one another is meant."""
    assert PLACES.find(words) == (area, precision)


@pytest.mark.parametrize(
    ("words", "precision"),
    [
        ("Odesa, Kherson and Mykolaiv regions", "several"),
        ("в Дніпрі і Запоріжжі", "several"),
        ("the Belgorod region", "unknown"),
        ("several cities", "unknown"),
        ("", "unknown"),
    ],
)
def test_what_is_not_certain_is_no_area(words, precision):
    """Nothing is guessed."""
    assert PLACES.find(words) == (None, precision)
