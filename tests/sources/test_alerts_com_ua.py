"""What alerts.com.ua says to us."""

import json

from tests.sources.formats import FIND, UA
from tocsin.sources import Payload
from tocsin.sources.alerts_com_ua import PING, AlertsComUa
from tocsin.testing.sources import AT, SourcePromises


def states(*raised, without=()):
    """Return a list of the 25 states."""
    rows = [
        {"id": n, "alert": n in raised, "changed": "2024-01-02T05:53:57+02:00" if n in raised else None}
        for n in range(1, 26)
        if n not in without
    ]
    return json.dumps({"states": rows, "last_update": "2024-01-02T06:00:00.123456789+02:00"}).encode()


class TestAlertsComUa(SourcePromises):
    """The promises, and what is special here."""

    raises = states(25, 12)
    quiet = states()

    def make(self):
        """Return the format."""
        return AlertsComUa(FIND, UA.board, UA.root)

    def test_what_it_does_not_list_is_unknown(self):
        """Crimea and Sevastopol always; and whatever is left out."""
        assert [area for area, _ in self.heard(self.quiet).unknown] == ["UA01", "UA85"]
        assert ("UA80", "air") in self.heard(states(without=(25,))).unknown

    def test_a_ping_is_a_sign_of_life(self):
        """And says nothing else."""
        heard = self.make().decode(Payload(PING, AT))
        assert (heard.alive, heard.complete, heard.sayings) == (True, False, ())
