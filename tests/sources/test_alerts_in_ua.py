"""What a list of alerts.in.ua says to us."""

from tests.sources.formats import FIND, UA, aiu_list, aiu_row
from tocsin.sources.alerts_in_ua import AlertsInUa
from tocsin.testing.sources import SourcePromises


class TestAlertsInUa(SourcePromises):
    """The promises, and what is special here."""

    raises = aiu_list(aiu_row(), aiu_row("125", "artillery_shelling", location_oblast_uid=22))
    quiet = aiu_list()

    def make(self):
        """Return the format."""
        return AlertsInUa(FIND, UA.root)

    def test_a_whole_list_is_complete(self):
        """What is not in it is over, also where it is empty."""
        assert self.heard(self.raises).complete and self.heard(self.quiet).complete

    def test_levels_and_kinds_are_kept(self):
        """Red, by ballistic missiles, in the source's words."""
        row = aiu_row(notes="Балістика", threats=[{"threat_type": "ballistic_missiles"}])
        (one,) = self.heard(aiu_list(row)).sayings
        assert (one.level, one.subtype, one.text) == ("red", "ballistic", "Балістика")

    def test_a_place_that_is_not_known_makes_its_oblast_unknown(self):
        """And without an oblast the whole country: it may be about any of it."""
        heard = self.heard(aiu_list(aiu_row("99999", location_oblast_uid=22)))
        assert heard.unknown == (("UA63", "*"),) and "99999" in heard.notes[0]
        assert self.heard(aiu_list(aiu_row("99999", location_oblast_uid=None))).unknown == (("UA", "*"),)
        assert self.heard(aiu_list(aiu_row(kind="meteorite"))).unknown == (("UA80", "*"),)

    def test_what_has_ended_is_not_raised(self):
        """A row with an end is history."""
        assert self.heard(aiu_list(aiu_row(finished_at="2024-01-02T03:55:00.000Z"))).sayings == ()
