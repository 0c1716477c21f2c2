"""Areas: which lies in which, and which of them a name means."""

import pytest

from tocsin.areas import Area, Areas, Spelling
from tocsin.countries import load
from tocsin.errors import ConfigError, UnknownArea
from tocsin.model import AreaId

UA = load("ua").areas
LEVELS = ("country", "oblast", "raion", "hromada", "city")


def area(code, level, parent=None, name=""):
    return Area(AreaId(code), level, parent, {"uk": name} if name else {}, {})


def tree(*areas, spellings=()):
    """Return a small country with the levels of Ukraine."""
    whole = ("oblast", "raion", "hromada")
    return Areas(areas, levels=LEVELS, board_level="oblast", whole=whole, spellings=spellings, drop=("м.",))


COUNTRY = area("X", "country", name="Країна")


def test_ua3_must_not_be_told_about_ua32():
    """A code that begins like another is not in it, and not near enough to be taken for it."""
    assert UA.chain("UA3210") == ("UA3210", "UA32", "UA")
    assert "UA3" not in UA
    with pytest.raises(UnknownArea, match="UA3"):
        UA["UA3"]


def test_above_and_below_say_the_same():
    """An area lies below another exactly when the other is on its way up, and both keep the file's order."""
    order = {one.id: number for number, one in enumerate(UA)}
    pairs = {(above, one.id) for one in UA for above in UA.chain(one.id)[1:]}
    assert pairs == {(one.id, below) for one in UA for below in UA.below(one.id)}
    for one in UA:
        below = UA.below(one.id)
        assert list(below) == sorted(below, key=order.__getitem__)
        assert set(UA.children(one.id)) == {b for b in below if UA[b].parent == one.id}


def test_the_board_is_the_27_areas_of_the_oblast_level():
    assert len(UA.board) == 27
    assert UA.board == UA.children(UA.root)


def test_cities_do_not_make_up_a_hromada():
    """All cities of a hromada are clear: that says nothing of its villages."""
    assert UA.children("UA0102005") == ("UA0102005001",)
    assert UA.whole_children("UA0102005") == ()


def test_the_raions_of_kyiv_oblast_make_it_up_without_prypiat():
    """Two cities lie directly in the oblast; the seven raions are the whole of it all the same."""
    cities = {one for one in UA.children("UA32") if UA[one].level == "city"}
    assert len(cities) == 2
    assert set(UA.whole_children("UA32")) == set(UA.children("UA32")) - cities
    assert len(UA.whole_children("UA32")) == 7


def test_an_area_without_parts_has_none_that_make_it_up():
    assert UA.whole_children("UA80") == ()


def test_a_name_falls_back_to_any_language_and_then_to_the_code():
    areas = tree(COUNTRY, area("X1", "oblast", "X"))
    assert areas.name("X", "en") == "Країна"
    assert areas.name("X1", "en") == "X1"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Kyiv", "UA80"),
        ("kyiv city", "UA80"),
        ("Київ", "UA80"),
        ("м. Київ", "UA80"),
        ("UA-30", "UA80"),
        ("ua80", "UA80"),
        ("UA80000000000093317", "UA80"),
        ("Київська  область", "UA32"),
        ("Івано‑Франківська область", "UA26"),  # a non-breaking hyphen
        ("Kyiv Oblast", "UA32"),
        ("Khersonska oblast", "UA65"),
    ],
)
def test_a_place_is_found_as_people_and_feeds_write_it(text, found):
    assert UA.find(text) == found


@pytest.mark.parametrize("apostrophe", ["'", "’", "ʼ", ""])
def test_the_apostrophe_does_not_matter(apostrophe):
    assert UA.find(f"Кам{apostrophe}янський район") == UA.find("Кам’янський район")


def test_a_number_is_no_name():
    """31 is Kyiv to one system and may be another area to the next: it must be asked for by system."""
    with pytest.raises(UnknownArea):
        UA.find("31")


def test_of_a_city_and_its_hromada_the_larger_is_meant():
    """To warn too many is the smaller error."""
    assert UA.find("м. Харків") == "UA6312027"
    assert UA.find("м. Харків", level="city") == "UA6312027001"


def test_a_name_of_several_areas_is_refused_with_the_candidates():
    with pytest.raises(UnknownArea, match=r"UA1208011.*UA1416021") as caught:
        UA.find("Покровська територіальна громада")
    assert len(caught.value.values["near"]) == 4


def test_what_it_lies_in_tells_two_of_one_name_apart():
    name = "Pokrovska terytorialna hromada"
    assert UA.find(name, within=("Donetska oblast", "Pokrovskyi raion")) == "UA1416021"
    assert UA.find(name, within="UA1214") == "UA1214025"


def test_the_order_of_what_it_lies_in_does_not_matter():
    """A row of the official table has oblast and raion exchanged."""
    swapped = ("Lubenskyi raion", "Poltavska oblast")
    assert UA.find("Hrebinkivska terytorialna hromada", within=swapped) == "UA5304001"


def test_inside_an_area_the_feeds_spelling_goes_before_the_official_name():
    """Two hromadas of Nikopol raion have one official name; feeds call only one of them by it."""
    name = "Покровська територіальна громада"
    assert UA[AreaId("UA1208009")].names["uk"] == UA[AreaId("UA1208011")].names["uk"] == name
    assert UA.find(name, within=("Дніпропетровська область", "Нікопольський район")) == "UA1208011"


def test_a_feeds_spelling_counts_only_inside_its_area():
    spellings = [Spelling(AreaId("X1"), "Стара", AreaId("X"))]
    areas = tree(
        COUNTRY, area("X1", "oblast", "X", "Нова"), area("X2", "oblast", "X", "Стара"), spellings=spellings
    )
    assert areas.find("стара", within="X") == "X1"
    with pytest.raises(UnknownArea, match="2 areas"):
        areas.find("стара")


def test_a_wrong_level_names_what_the_name_belongs_to():
    with pytest.raises(UnknownArea, match=r"no raion called 'Kyiv'.*UA80"):
        UA.find("Kyiv", level="raion")


def test_a_place_in_a_place_that_is_not_there_is_refused():
    with pytest.raises(UnknownArea, match="Atlantis"):
        UA.find("Hrebinkivska terytorialna hromada", within="Atlantis")


@pytest.mark.parametrize(
    ("text", "near"), [("Kyivv", "UA80"), ("UA3209", "UA3208"), ("Харкивська область", "UA63")]
)
def test_a_mistyped_place_names_the_nearest(text, near):
    for ask in (UA.find, UA.__getitem__, UA.chain, UA.below):
        with pytest.raises(UnknownArea, match=near) as caught:
            ask(text)
        assert near in caught.value.values["near"]


def test_a_name_where_a_code_belongs_names_the_code():
    with pytest.raises(UnknownArea, match=r"did you mean UA80 \(Kyiv\)"):
        UA["Kyiv"]


def test_a_wrong_name_of_any_length_is_cut_in_the_message():
    with pytest.raises(UnknownArea) as caught:
        UA.find("К" * 100_000)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("areas", "found"),
    [
        ([], "none"),
        ([COUNTRY, COUNTRY], "twice"),
        ([COUNTRY, area("Y", "country")], "no parent"),
        ([COUNTRY, area("X1", "oblast", "Z")], "does not stand before"),
        ([COUNTRY, area("X1", "raion", "X"), area("X2", "oblast", "X1")], "lies in X1"),
        ([COUNTRY, area("X1", "planet", "X")], "planet"),
    ],
)
def test_what_is_no_tree_is_refused(areas, found):
    with pytest.raises(ConfigError, match=found):
        tree(*areas)


def test_an_area_may_follow_those_around_it_up_to_the_board_level():
    """What is told of the country says nothing of an oblast, which is always told for itself."""
    raion = next(area for area in UA.below("UA12") if UA[area].level == "raion")
    assert ("UA12",) == UA.up_to_board("UA12")
    assert (raion, "UA12") == UA.up_to_board(raion)
    assert ("UA",) == UA.up_to_board("UA")
