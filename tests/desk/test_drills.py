"""Drills: each has an end, what it raised ends with it, and the public can look it up."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support import tocsin
from tocsin import wire
from tocsin.desk.drills import PRACTICE, Drill, Drills
from tocsin.errors import ConfigError

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def drill(name="north", begins=0.0, ends=2.0):
    """Return a drill that begins and ends so many hours from noon."""
    return Drill(name, ("UA80",), NOON + timedelta(hours=begins), NOON + timedelta(hours=ends))


@pytest.fixture
def drills(tmp_path):
    """No drill yet."""
    one = Drills(tmp_path)
    yield one
    one.close()


def test_what_a_drill_raises_ends_with_it(drills):
    """And outside of any drill after an hour."""
    drills.add(drill(), NOON)
    assert [
        NOON + timedelta(hours=2),
        NOON - timedelta(hours=1) + PRACTICE,
        NOON + timedelta(hours=3) + PRACTICE,
    ] == [drills.end_of(NOON + timedelta(hours=hours)) for hours in (0, -1, 3)]


@pytest.mark.parametrize(("begins", "ends"), [(-3, -1), (2, 1), (1, 1), (0, 49)])
def test_a_drill_without_an_end_to_come_is_none(drills, begins, ends):
    with pytest.raises(ConfigError, match="give it an end"):
        drills.add(drill(begins=begins, ends=ends), NOON)
    assert [] == drills.all()


def test_a_name_is_one_drill(drills):
    drills.add(drill(), NOON)
    with pytest.raises(ConfigError, match="another name"):
        drills.add(drill(ends=1.0), NOON)


def test_the_public_can_look_up_a_drill(server):
    """Who hears a siren finds out whether it was announced; it is inert, in both languages."""
    now = datetime.now(UTC)
    assert "No exercise was announced" in server.get("/drills?lang=en").text
    for name, begins in (("spring <b>", -1), ("summer", 24)):
        done = tocsin(
            "desk", "drill", name, "--begins", wire.stamp(now + timedelta(hours=begins)),
            "--ends", wire.stamp(now + timedelta(hours=begins + 2)), "--areas", "UA80", "--data", server.data,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    english, ukrainian = (server.get(f"/drills?lang={lang}").text for lang in ("en", "uk"))
    assert "spring &lt;b&gt;</b>: under way" in english
    assert "summer</b>: to come" in english
    assert "триває" in ukrainian and "заплановано" in ukrainian
    assert "unknown" == server.state("UA80"), "an exercise never reaches the board"
