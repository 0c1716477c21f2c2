"""What only the whole text shows: who goes on speaking, which day is meant, what goes back over the past."""

from zoneinfo import ZoneInfo

from tocsin.countries import load as load_country
from tocsin.languages import gazetteer, guess, load
from tocsin.record.claims import Claim, Document
from tocsin.record.reading import read

PLACES = gazetteer(load_country("ua"))


def claims(text: str, channel: str = "The Courier") -> list[Claim]:
    """Return the claims of a text that are no statements; published on Wednesday, 6 March 2024."""
    document = Document(text, published="2024-03-06", channel=channel)
    found = read(document, load(guess(text)), PLACES, ZoneInfo("Europe/Kyiv"))
    return [claim for claim in found if claim.kind != "statement"]


def test_a_quotation_of_several_sentences_has_one_speaker():
    """Who is named behind the last words vouches for the first."""
    first, second = claims(
        'Police said nothing. "Two people were killed. Nine were wounded," the governor wrote on Telegram.'
    )

    assert [first.attributed_to, second.attributed_to] == ["the governor", "the governor"]
    assert second.addressee == "on Telegram"


def test_he_is_whoever_spoke_last():
    """A pronoun has the name of the speaker before it."""
    found = claims("The mayor said a school was damaged. He said two people had been wounded.")

    assert found[-1].attributed_to == "The mayor (He)"


def test_a_source_behind_while_governs_only_its_own_clause():
    """Two sources of one sentence are kept apart."""
    downed, *none = claims(
        "The army destroyed 30 drones, the defence ministry said, "
        "while local officials said there were no casualties."
    )

    assert downed.attributed_to == "the defence ministry"
    assert {claim.attributed_to for claim in none} == {"local officials"}

    killed, wounded = claims(
        "The governor said two people were killed in Sumy, while nine were wounded in Poltava, police said."
    )

    assert [killed.attributed_to, wounded.attributed_to] == ["The governor", "police"]


def test_what_stands_far_from_an_act_is_not_its_own():
    """We would rather miss a claim than invent one."""
    found = claims(
        "Forty people have signed a letter to the council of the town about the old road along the river "
        "by the mill, where a dog had been killed."
    )

    assert [claim.count for claim in found] == []


def test_what_nobody_is_named_for_is_the_texts_own_account():
    """And no official's word."""
    (claim,) = claims("Two people were killed in Odesa.")

    assert claim.attributed_to == "The Courier (own account)"
    assert claim.chain == ()


def test_said_this_governs_the_sentence_before():
    """Про це повідомив ... names the source of what was told."""
    (claim,) = claims("Уночі збито 17 дронів.\nПро це повідомив речник командування.")

    assert claim.attributed_to == "речник командування"


def test_the_night_onto_a_day_ends_on_it():
    """Its beginning in brackets is not the event's day."""
    (claim,) = claims("У ніч на 5 березня (з 19:00 4 березня) збито 12 дронів.")

    assert claim.when.startswith("2024-03-05")


def test_a_state_is_of_the_day_of_the_report():
    """Who is missing today was not missing on the day of the attack only."""
    killed, missing = claims("On Monday, nine people were killed. Four people are still missing.")

    assert killed.when == "2024-03-04"
    assert missing.when.startswith("2024-03-06")


def test_under_background_stands_what_was_told_before():
    """A heading of that name, or a list of dashes that closes the report."""
    news, old = claims(
        "Two people were killed, police said.\nBackground:\n- Seven people were killed by missiles."
    )

    assert not news.background
    assert old.background


def test_a_list_under_a_colon_is_news():
    """It goes on with what its first line began."""
    found = claims("Збито 9 цілей:\n- 2 ракети;\n- 7 дронів.")

    assert [(c.kind, c.count, c.background) for c in found] == [
        ("intercepted", 9, False),
        ("intercepted", 2, False),
        ("intercepted", 7, False),
    ]


def test_a_report_that_is_taken_back_is_retracted():
    """The claim stays, and says so."""
    first, last = claims(
        "Debris fell on a house in Kyiv, the mayor said. Later the administration said that the reports "
        "of debris falling on a house had not been confirmed."
    )

    assert [first.polarity, last.polarity] == ["retracted", "unconfirmed"]


def test_a_correction_downwards_replaces_too():
    """Nine, corrected to eight, are eight."""
    nine, eight = claims("Постраждало 9 людей. Пізніше мер уточнив: постраждалих 8.")

    assert [nine.polarity, eight.polarity] == ["superseded", "asserted"]


def test_a_headline_without_a_number_claims_nothing_of_its_own():
    """What it says stands in the text."""
    found = claims("Drones damage houses in Odesa\n\nDrones damaged 14 houses in Odesa, the mayor said.")

    assert [(c.kind, c.count) for c in found] == [("damage", 14)]
