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
        ("у Шостці", PLACES.find("Шостка").area, "city"),
        ("у Кривому Розі", PLACES.find("Кривий Ріг").area, "city"),
        ("в Марганці", PLACES.find("Марганець").area, "city"),
        ("під Запоріжжям", PLACES.find("Запоріжжя").area, "city"),
        ("у Білгороді-Дністровському", PLACES.find("Білгород-Дністровський").area, "city"),
        ("на Нікопольщині", PLACES.find("Нікопольський район").area, "raion"),
        ("у Миколаєві", PLACES.find("місто Миколаїв Миколаївської області").area, "city"),
    ],
)
def test_a_name_in_any_case_is_its_area(words, area, precision):
    """A city is not its oblast, and the finest of areas in one another is meant."""
    assert PLACES.find(words) == (area, precision)


def test_a_name_that_several_have_is_the_one_in_what_is_named_beside_it():
    """Three communities are called after a Краснопілля; the oblast says which."""
    assert PLACES.find("у Краснопільській громаді").area is None

    found = PLACES.find("у Краснопільській громаді Сумської області")
    assert (found.area or "")[:4] == "UA59"
    assert found.precision == "hromada"


@pytest.mark.parametrize(
    ("office", "area"),
    [
        ("The governor of Kharkiv Oblast", "UA63"),
        ("Сумська ОВА", "UA59"),
        ("начальник Одеської обласної військової адміністрації", "UA51"),
        ("міський голова Харкова", "UA6312027001"),
        ("President Volodymyr Zelenskyy", None),
        ("Kyiv", None),
        ("Ukraine's air force", None),
    ],
)
def test_an_office_has_a_seat_and_a_person_has_none(office, area):
    """Volodymyr is a town and a name; "Kyiv said" is a government."""
    assert PLACES.seat(office) == area


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
