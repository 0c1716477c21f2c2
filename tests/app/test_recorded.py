"""The record's pages of a running server: made beside it, behind the embargo, anew when something is said."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from tests.support import RunningServer, tocsin, wait_until

WITHIN_S = 60.0  # two cores may be busy
ONE = (
    "Two people were killed and at least five were injured in Kyiv on 2 January 2024, mayor Vitali Klitschko "
    "said.\nAn apartment building was damaged in Kyiv, mayor Vitali Klitschko said.\n"
    "The river had been mild all that week.\n"
)
TWO = "Three people were killed in Kyiv on 2 January 2024, mayor Vitali Klitschko said.\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server without a record."""
    with RunningServer(tmp_path_factory.mktemp("data")) as one:
        yield one


@pytest.fixture(scope="module")
def office(server):
    """Its key."""
    return server.key("office")


def file(server, office, doc, text, **more):
    """File a report at the desk; return its place."""
    form = {"source": "reuters", "doc": doc, "text": text, "published": "2024-01-02", **more}
    answer = server.post("/v1/reports", office, form)
    assert answer.status_code == 201, answer.text
    return answer.json()["seq"]


def shows(server, path, *words):
    """Return a page once it has these words."""
    return wait_until(
        lambda: (page := server.get(path)).status_code == 200 and all(w in page.text for w in words) and page,
        f"{path} has {words}: {server.errors()}",
        WITHIN_S,
    ).text


def test_without_a_record_there_are_no_pages(server):
    """Defined first: nothing has been filed yet."""
    assert server.get("/record").status_code == 404


def test_what_is_filed_is_shown_with_its_sources_side_by_side_and_only_in_quotations(server, office):
    first = file(server, office, "one", ONE, url="https://news.example/one")
    second = file(server, office, "two", TWO)
    page = shows(server, "/record/2024-01-02?lang=en", f"/record/report/{second}?lang=en#c1")

    assert f"/record/report/{first}?lang=en#c1" in page
    assert 'class="chart"' in page
    assert "Killed, Kyiv: 3" in page
    assert "at least 5" in page
    report = shows(server, f"/record/report/{first}?lang=en", "Two people were killed")
    assert 'href="https://news.example/one"' in report
    assert "river" not in report
    assert "загиблі" in shows(server, f"/record/report/{first}?lang=uk")
    assert "Three people" in shows(server, "/record/search?q=killed+three&lang=en")


def test_what_the_embargo_holds_is_on_no_page_and_in_no_search(server, office):
    today = datetime.now(UTC).date().isoformat()
    held = file(server, office, "held", f"Seventeen were killed in Rivne on {today}.\n", published=today)
    last = file(server, office, "last", TWO.replace("Three", "Four"))
    shows(server, "/record?lang=en", f"/record/report/{last}?")

    assert server.get(f"/record/report/{held}").status_code == 404
    assert server.get(f"/record/{today}").status_code == 404
    assert "Three" in server.get("/record/search?q=killed").text
    for path in ("/record", "/record/search?q=seventeen", "/record/search?q=killed"):
        assert "Seventeen were" not in server.get(path).text
        assert f"report/{held}" not in server.get(path).text


def test_a_signal_does_not_wait_for_the_pages(server):
    """The record half is loaded by the other process alone."""
    half = ("tocsin.record", "tocsin.languages")
    code = f"import tocsin.app.serve, sys; print([m for m in sys.modules if m.startswith({half})])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert json.loads(done.stdout.replace("'", '"')) == []


def test_a_kept_bulletin_is_shown_until_something_in_it_is_withheld(tmp_path):
    text = tmp_path / "one.txt"
    text.write_text(ONE, encoding="utf-8")
    words = ("--source", "reuters", "--published", "2024-01-02", "--data", tmp_path)
    assert tocsin("report", "add", text, *words).returncode == 0
    day = ("--from", "2024-01-02T00:00+02:00", "--to", "2024-01-03T00:00+02:00")
    assert tocsin("bulletin", *day, "--keep", "editor", "--data", tmp_path).returncode == 0

    assert "SITUATION REPORT" in _pages(tmp_path)["/record/bulletin/2"]["en"].decode()
    why = ("--reason", "names a victim", "--by", "editor")
    ruled = tocsin("report", "rule", "withhold", "1.1", *why, "--data", tmp_path)
    assert ruled.returncode == 0, ruled.stderr
    page = _pages(tmp_path)["/record/bulletin/2"]["en"].decode()
    assert "Held back" in page
    assert "killed" not in page


def _pages(data):
    import msgspec

    from tocsin.app.leaves import main
    from tocsin.public.record import Prepared

    return msgspec.msgpack.decode(main(str(data), "ua"), type=Prepared).pages
