"""The record at the public door: bytes that were made before, and a search that only looks up numbers."""

import pytest

from tocsin.public.record import Leaves, Prepared, index_of, stems

TEXTS = ["Kyiv: killed, 3", "Kharkiv: damage", "Kyiv: damage"]


def prepared():
    """One page and three rows, in each language."""
    rows = [f"<li>{text}</li>".encode() for text in TEXTS]
    return Prepared(
        "7",
        {"/record": {"en": b"the record", "uk": "літопис".encode()}},
        dict.fromkeys(("en", "uk"), (b'<input value="{asked}">{found}<ul>', b"</ul>")),
        {"en": rows, "uk": rows},
        dict.fromkeys(("en", "uk"), index_of(TEXTS)),
    )


@pytest.fixture
def leaves():
    """What a server with a record answers from."""
    one = Leaves()
    one.begun = True
    one.show(prepared())
    return one


def found(leaves, asked):
    """Return the page of a search."""
    return leaves.answer("/record/search", {"q": [asked], "lang": ["en"]}, {}).body.decode()


def test_where_no_record_is_kept_its_pages_are_no_business_of_ours():
    assert Leaves().answer("/record", {}, {}) is None


def test_until_the_pages_are_made_a_reader_is_asked_to_come_again(leaves):
    leaves.show(None)

    answer = leaves.answer("/record", {}, {})

    assert (answer.status, b"Retry-After: 5" in answer.response({}, head_only=True, keep=False)) == (
        503,
        True,
    )


def test_a_reader_gets_the_language_that_was_asked_for_or_is_preferred(leaves):
    assert leaves.answer("/record", {"lang": ["en"]}, {}).body == b"the record"
    assert leaves.answer("/record/", {}, {"accept-language": "uk"}).body.decode() == "літопис"
    assert leaves.answer("/record/report/9", {}, {}).status == 404


def test_a_page_is_made_once_and_named_by_its_state(leaves):
    first = leaves.answer("/record", {"lang": ["en"]}, {})

    assert first is leaves.answer("/record", {"lang": ["en"]}, {})
    assert (first.etag, first.status) == ("7-en", 200)


def test_a_search_finds_what_has_all_words_in_any_ending(leaves):
    assert stems("Damaged, damages") == ["damag"]
    assert found(leaves, "kyiv damaged").count("<li>") == 1
    assert found(leaves, "kyiv").count("<li>") == 2
    assert found(leaves, "Odesa").count("<li>") == 0
    assert found(leaves, "").count("<li>") == 0


def test_a_question_is_no_markup_and_cannot_take_a_place_of_the_page(leaves):
    page = found(leaves, '"><script>{found}')

    assert "<script" not in page
    assert "{found}" in page
