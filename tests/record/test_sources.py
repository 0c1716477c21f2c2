"""Who is who: the longest name wins, a mayor whom no table has is still one, a stranger is no authority."""

import pytest

from tocsin.countries import source_table
from tocsin.errors import ConfigError
from tocsin.record.kept import SourceKind
from tocsin.record.sources import Directory, is_official, read_sources


@pytest.fixture
def who():
    """The pack's directory."""
    return Directory(read_sources(source_table("ua"), "the pack"), "UA")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Ukraine's air force", "air-force"),
        ("the Russian defence ministry", "russia"),
        ("Міноборони РФ", "russia"),
        ("Міноборони України", "defence-ministry"),
        ("Повітряні Сили ЗСУ", "air-force"),
        ("Mr Klitschko", "kyiv-mayor"),
        ("Mayor Vitali Klitschko", "kyiv-mayor"),
        ("ДСНС", "emergency-service"),
    ],
)
def test_words_name_the_source_that_they_mean(who, words, name):
    assert name == who.who(words).name


def test_one_who_stands_in_no_table_is_named_by_words_and_known_by_the_role(who):
    mayor, passer = who.who("Mayor Petro Vymyshlenyi"), who.who("a woman who lives nearby")
    assert (mayor.kind, mayor.party) == (SourceKind.LOCAL_AUTHORITY, "UA")
    assert (passer.kind, passer.party, is_official(passer)) == (SourceKind.PERSON, "", False)


def test_a_part_of_a_word_names_nobody(who):
    assert "russia" != who.who("Prussian historians").name


def test_an_operators_row_goes_before_the_packs(who):
    own = read_sources("name,kind,group,party,area,aliases\nair-force,ngo,x,,,air force\n", "mine")
    both = Directory((*read_sources(source_table("ua"), "pack"), *own), "UA")
    assert SourceKind.NGO is both.who("the air force").kind


def test_a_table_that_is_none_is_refused_in_words():
    with pytest.raises(ConfigError, match="column kind"):
        read_sources("name\nx\n", "mine")
    with pytest.raises(ConfigError, match="local_authority"):
        read_sources("name,kind,group,party,area,aliases\nx,king,,,,\n", "mine")
