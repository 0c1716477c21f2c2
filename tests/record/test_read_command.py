"""`tocsin read`: documents in, claims out; what cannot be read says why, and the rest is read."""

import json
import subprocess
import sys

import pytest

WORDS = [sys.executable, "-m", "tocsin", "read"]
TEXT = "Three people were killed and at least five wounded in Kharkiv on Tuesday, the mayor said."


def run(*options, given=""):
    """Return the finished command."""
    data = given if isinstance(given, bytes) else given.encode()
    return subprocess.run([*WORDS, *options], input=data, capture_output=True, check=False)


def lines(done):
    """Return the lines of JSON that a command printed."""
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_a_text_is_told_as_a_table():
    """Who says it, when, where, in which words."""
    done = run("--published", "2024-01-03", given=TEXT)

    assert done.returncode == 0
    for word in (
        "killed",
        "5 (at least)",
        "the mayor",
        "2024-01-02",
        "UA6312027001",
        "at least five",
    ):
        assert word in done.stdout.decode()


def test_explain_shows_the_rules_and_their_words():
    """A person can check each step."""
    told = run("--published", "2024-01-03", "--explain", given=TEXT).stdout.decode()

    for step in (
        "phrase: 'Three people'",
        "act: kill",
        "source: in the sentence: 'the mayor'",
        "day: in the sentence",
    ):
        assert step in told


def test_a_line_of_json_in_is_a_line_out():
    """With every field of the contract, and spans that quote the text."""
    (told,) = lines(
        run("--jsonl", given=json.dumps({"doc_id": "a", "text": TEXT, "published": "2024-01-03"}))
    )

    assert told["doc_id"] == "a"
    assert [(c["kind"], c["count"]) for c in told["claims"]] == [("killed", 3), ("injured", 5)]
    for claim in told["claims"]:
        assert TEXT[claim["span_start"] : claim["span_end"]] == claim["text_span"]
        assert {
            "of",
            "object",
            "place",
            "when",
            "attributed_to",
            "addressee",
            "hedges",
            "background",
        } <= claim.keys()
        assert {
            "polarity",
            "alert_state",
            "count_qualifier",
            "chain",
            "area",
            "place_precision",
        } <= claim.keys()


def test_a_line_that_cannot_be_read_loses_no_other():
    """It says why, and the command fails at the end."""
    given = "\n".join(("nonsense", '{"text": 5}', json.dumps({"doc_id": "b", "text": TEXT})))
    done = run("--jsonl", given=given)

    assert done.returncode == 1
    assert ["error" in line for line in lines(done)] == [True, True, False]
    assert b"line 1" in done.stderr


def test_a_date_that_cannot_be_read_is_said_and_the_claims_are_kept():
    """Their day is unknown."""
    (told,) = lines(run("--jsonl", given=json.dumps({"text": TEXT, "published": "last week"})))

    assert "not a date" in told["warning"]
    assert {c["when"] for c in told["claims"]} == {"unknown"}


def test_a_language_without_a_pack_is_said():
    """Russian is not read by the rules of Ukrainian."""
    done = run(given="Ночью были сбиты пять беспилотников, объявили власти.")

    assert done.returncode == 1
    assert b"there is no language 'ru'" in done.stderr


@pytest.mark.parametrize("given", [b"\xff\xfe\x00", b"\x80abc"])
def test_a_file_that_is_no_text_is_refused(given):
    """The message says where and what to do."""
    done = run(given=given)

    assert done.returncode == 1
    assert b"is no UTF-8" in done.stderr


def test_the_commands_do_not_load_the_record():
    """`tocsin serve` starts without it."""
    look = (
        "import sys, tocsin.cli, tocsin.app.serve; print([m for m in sys.modules if m.startswith('tocsin.')])"
    )
    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, check=True).stdout.decode()

    assert "tocsin.warn.board" in loaded
    assert "tocsin.record" not in loaded
    assert "tocsin.languages" not in loaded
