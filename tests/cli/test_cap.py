"""`tocsin cap lint` from outside: what it prints, and how it ends."""

import json

import pytest

from tests.cap.messages import alert, info, references
from tests.support import tocsin

LATER = "2026-03-01T11:00:00+02:00"


@pytest.mark.parametrize(
    ("text", "code", "rule"),
    [
        (alert(), 0, None),
        (alert(sent="2026-03-01T08:00:00Z"), 0, "time-z"),
        (alert(scope="Private"), 1, "scope-private"),
        (alert()[:-9], 2, "not-xml"),
    ],
)
def test_it_ends_as_the_worst_of_its_findings(tmp_path, text, code, rule):
    """0 accepted, warnings allowed; 1 quarantined; 2 refused."""
    file = tmp_path / "message.xml"
    file.write_text(text, encoding="utf-8")
    done = tocsin("cap", "lint", file)

    assert done.returncode == code, done.stderr
    assert rule is None or f" {rule}: " in done.stdout
    told = json.loads(tocsin("cap", "lint", "--json", file).stdout)
    assert told["verdict"] == ["accepted", "quarantined", "refused"][code]
    assert rule is None or rule in [one["rule"] for one in told["findings"]]


def test_a_line_is_named_as_compilers_do(tmp_path):
    """So that an editor can jump there."""
    file = tmp_path / "message.xml"
    file.write_text(alert(status="actual"), encoding="utf-8")

    assert f"{file}:5: quarantined status-unknown: " in tocsin("cap", "lint", file).stdout


def test_a_file_knows_the_files_before_it(tmp_path):
    """A cancel is accepted behind what it cancels, and not before it or alone."""
    first, cancel = tmp_path / "first.xml", tmp_path / "cancel.xml"
    first.write_text(alert(), encoding="utf-8")
    cancel.write_text(
        alert(identifier="two", kind="Cancel", sent=LATER, after_scope=references("one")), "utf-8"
    )

    assert tocsin("cap", "lint", first, cancel).returncode == 0
    assert tocsin("cap", "lint", cancel, "--known", first).returncode == 0
    assert tocsin("cap", "lint", cancel, first).returncode == 1
    assert tocsin("cap", "lint", cancel).returncode == 1


def test_the_worst_of_several_files_decides(tmp_path):
    """And each is told of."""
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_text(alert(), encoding="utf-8")
    bad.write_text("<alert>", encoding="utf-8")
    done = tocsin("cap", "lint", bad, good)

    assert done.returncode == 2
    assert f"{bad}: refused" in done.stdout
    assert f"{good}: accepted" in done.stdout


def test_a_file_that_is_not_there_is_a_wrong_call(tmp_path):
    """It says so, and does not end as if something had been accepted."""
    done = tocsin("cap", "lint", tmp_path / "none.xml")

    assert done.returncode == 2
    assert "cannot open" in done.stderr


def test_a_text_of_a_stranger_does_not_move_the_terminal(tmp_path):
    """Nor does the name of the sender."""
    file = tmp_path / "message.xml"
    file.write_text(alert(info(response="\u202e\u009b2J"), sender="a\u202eb"), encoding="utf-8")
    done = tocsin("cap", "lint", file)

    assert all(letter.isprintable() or letter == "\n" for letter in done.stdout)
    assert done.returncode == 1
