"""The console over HTTP: who is let in, what is refused, and that what people type stays text everywhere."""

import base64
import html
import json
import re
import time

import httpx
import pytest

from tests.support import RunningServer, tocsin, wait_until
from tocsin.desk.codes import STEP_S, code_at
from tocsin.desk.reading import text_of
from tocsin.errors import SubscriberError
from tocsin.model import Approval, Realm, Signal

PASSWORD = "the bell of the upper town"
OPEN: list[httpx.Client] = []


class Browser:
    """Somebody who sends what a browser would, and keeps cookies."""

    def __init__(self, desk, realm="exercise"):
        self.desk, self.realm = desk.replace("127.0.0.1", "localhost"), realm
        self.http = httpx.Client(base_url=self.desk, trust_env=False, timeout=30)
        OPEN.append(self.http)
        self.secret = b""

    def get(self, path, **more):
        """Ask for a page."""
        return self.http.get(f"/{self.realm}/en{path}", **more)

    def post(self, path, data, headers=None):
        """Send a form from a page of the desk."""
        ours = {"Origin": self.desk, "Sec-Fetch-Site": "same-origin"}
        return self.http.post(
            f"/{self.realm}/en{path}", data=data, headers=ours if headers is None else headers
        )

    def code(self, ahead=0):
        """Return a one-time code."""
        return code_at(self.secret, int(time.time()) // STEP_S + ahead)

    def enrol(self, link):
        """Take a password and one-time codes by a link."""
        path = link.partition("/en")[2]
        page = self.get(path).text
        self.secret = base64.b32decode(re.search(r'id="totp">([A-Z2-7]+)<', page)[1])
        done = self.post(path, {"password": PASSWORD, "code": self.code(-1)})
        assert done.status_code == 303, done.text
        return self

    def order(self, **form):
        """Have an order written; return its hash and the page."""
        page = self.post("/check", form)
        assert page.status_code == 200, page.text
        return re.search(r'name="order" value="([0-9a-f]{64})"', page.text)[1], html.unescape(page.text)


@pytest.fixture(scope="module", autouse=True)
def _closing():
    """Close every connection at the end."""
    yield
    while OPEN:
        OPEN.pop().close()


def links(done):
    """Return the links that a command printed, by realm."""
    assert done.returncode == 0, done.stderr
    return {line.split("/")[3]: line for line in done.stdout.split()}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A server with a desk."""
    with RunningServer(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture(scope="module")
def given(desk):
    """The links of the first administrator."""
    return links(tocsin("desk", "init", "olha", "--authority", "office", "--data", desk.data))


@pytest.fixture(scope="module")
def olha(desk, given):
    """The first administrator, in the exercise."""
    one = Browser(desk.desk).enrol(given["exercise"])
    wait_until(lambda: desk.entries(Realm.EXERCISE), "the exercise has a log")
    return one


def said(desk, kind=Signal, realm=Realm.EXERCISE):
    """Return what the log holds of one kind."""
    return [one for _, one in desk.entries(realm) if isinstance(one, kind)]


# Who is let in


def test_there_is_one_first_administrator(desk, given):
    """`init` is no way in beside the door."""
    done = tocsin("desk", "init", "mallory", "--authority", "office", "--data", desk.data)
    assert done.returncode == 1
    assert "has people already" in done.stderr


def test_a_link_opens_once_and_in_its_own_realm(desk, olha, given):
    """Used, in another realm, or made up: one answer."""
    for link in (given["exercise"], given["actual"].replace("/actual/", "/exercise/"), given["actual"] + "x"):
        answer = httpx.get(link, trust_env=False)
        assert answer.status_code == 401
        assert "this link opens nothing" in answer.text


@pytest.mark.parametrize("path", ["/", "/live", "/orders/" + "0" * 64])
def test_nobody_sees_a_page_without_a_session(desk, path):
    answer = Browser(desk.desk).get(path)
    assert answer.status_code in (303, 401)
    assert "Raise" not in answer.text


@pytest.mark.parametrize("path", ["/check", "/send", "/end", "/aside", "/orders/" + "0" * 64])
def test_nobody_does_anything_without_a_session(desk, olha, path):
    before = len(said(desk))
    assert 303 == Browser(desk.desk).post(path, {"area": "UA80", "template": "air"}).status_code
    assert before == len(said(desk))


def test_a_session_of_the_exercise_is_none_of_the_actual_desk(desk, olha):
    """Also when its cookie is carried over by hand."""
    token = olha.http.cookies["tocsin-exercise"]
    answer = httpx.get(f"{olha.desk}/actual/en/", cookies={"tocsin-actual": token}, trust_env=False)
    assert answer.status_code == 303


def test_a_session_that_a_browser_brings_along_is_not_used(desk, olha):
    """Session fixation: the id after a log-in is a new one, and the old one opens nothing."""
    other = Browser(desk.desk)
    other.secret = olha.secret
    other.http.cookies.set("tocsin-exercise", "chosen-by-somebody-else", "localhost.local", "/exercise")
    done = other.post("/log-in", {"name": "olha", "password": PASSWORD, "code": other.code(1)})
    assert done.status_code == 303, done.text
    cookie = done.headers["set-cookie"]
    assert "chosen-by-somebody-else" not in cookie
    for mark in ("HttpOnly", "SameSite=strict", "Path=/exercise"):
        assert mark in cookie
    old = {"tocsin-exercise": "chosen-by-somebody-else"}
    assert 303 == httpx.get(f"{olha.desk}/exercise/en/", cookies=old, trust_env=False).status_code


def test_many_wrong_log_ins_are_slowed_down(own_server):
    """Ten from one address, then it waits; those who are logged in go on."""
    tocsin("desk", "init", "olha", "--authority", "office", "--data", own_server.data)
    browser = Browser(own_server.desk)
    words = [browser.post("/log-in", {"answer": "{}"}).text for _ in range(12)]
    assert "too many wrong log-ins" in words[-1]
    assert "too many wrong log-ins" not in words[0]


# What is refused


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"},
     {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"}, {"Sec-Fetch-Site": "none"}],
    ids=str,
)  # fmt: skip
def test_a_write_from_another_page_is_refused(desk, olha, headers):
    """CSRF: the browser says itself where a form comes from."""
    before = len(said(desk))
    answer = olha.post("/check", {"area": "UA80", "template": "air"}, headers)
    assert answer.status_code == 421
    assert "nothing was done" in answer.text
    assert before == len(said(desk))


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "desk.example.org:8411", ""])
def test_another_name_is_not_answered(desk, olha, host):
    """Host header, DNS rebinding."""
    assert 421 == olha.get("/", headers={"Host": host}).status_code


@pytest.mark.parametrize("path", ["/", "/log-in", "/no-such-order"])
def test_no_page_can_be_framed_or_load_from_elsewhere(desk, olha, path):
    """Clickjacking, inline script, foreign script."""
    headers = olha.get(path).headers
    if path == "/no-such-order":
        return
    policy = headers["content-security-policy"]
    for rule in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'",
                 "base-uri 'none'", "require-trusted-types-for 'script'"):  # fmt: skip
        assert rule in policy
    assert ("DENY", "nosniff", "no-store", "no-referrer") == tuple(
        headers[name] for name in
        ("x-frame-options", "x-content-type-options", "cache-control", "referrer-policy")
    )  # fmt: skip


def test_no_page_has_a_script_of_its_own(desk, olha):
    """Every script comes from a file; no attribute is code."""
    for page in (olha.get("/").text, olha.get("/log-in").text, olha.order(area="UA80", template="air")[1]):
        assert re.findall(r"<script(?![^>]*src=)", page) == []
        assert re.search(r"\son[a-z]+=|\sstyle=|javascript:", page) is None


@pytest.mark.parametrize(
    ("form", "words"),
    [({"template": "air"}, "no area was chosen"), ({"area": "", "template": "air"}, "no area was chosen"),
     ({"area": "UA999", "template": "air"}, "no area has the code"),
     ({"area": "UA80"}, "no template was chosen"),
     ({"more": "Атлантида", "template": "air"}, ""),
     ({"area": "UA80", "template": "nonsense"}, "no template"),
     ({"area": "UA80\r\nX-Evil: 1", "template": "air"}, "no area has the code"),
     ({"area": "UA80", "threat": "air\r\nSet-Cookie: a=b", "level": "red"}, "is no threat")],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_widens(desk, olha, form, words):
    """No area, an unknown one, a header in a field: 4xx, and nothing in the log."""
    before = len(said(desk))
    answer = olha.post("/check", form)
    assert 400 <= answer.status_code < 500
    assert words in html.unescape(answer.text)
    assert not {"x-evil", "set-cookie"} & {name.lower() for name in answer.headers}
    assert before == len(said(desk))


def test_what_is_sent_is_what_was_on_the_own_screen(desk, olha):
    """A hash that nobody was shown sends nothing."""
    before = len(said(desk))
    answer = olha.post("/send", {"order": "0" * 64, "step": "send"})
    assert "not on your screen" in answer.text
    assert before == len(said(desk))


def test_the_whole_country_takes_its_name_typed(desk, olha):
    """The largest has to be typed."""
    name, _ = olha.order(area="UA", template="air")
    for typed in ("", "Kyiv"):
        answer = olha.post("/send", {"order": name, "step": "send", "typed": typed})
        assert "was not typed" in answer.text
    done = olha.post("/send", {"order": name, "step": "send", "typed": "ukraine", "code": "000000"})
    assert "one-time code is wrong" in done.text, "and then it takes two people"


# What people type


HOSTILE = [
    "<script>alert(1)</script>", "{{7*7}}{% raw %}", "${7*7}#{7*7}", "%s%n{0.__class__}",
    "</textarea><img src=x onerror=alert(1)>", "&lt;b&gt;", "'\"><svg/onload=1>", "]]><x/>",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_typed_stays_text(desk, olha, text):
    """Template and script injection: shown as typed on the screen, in the log, and at the board."""
    name, page = olha.order(area="UA80", template="air", text_uk=text, text_en=text)
    assert text in page
    raw = olha.post("/check", {"area": "UA80", "template": "air", "text_uk": text}).text
    assert "<script>alert" not in raw and "<img" not in raw and "<svg/onload" not in raw
    assert 303 == olha.post("/send", {"order": name, "step": "send"}).status_code
    assert f"{text} / {text}" == said(desk)[-1].text
    olha.post("/end", {"area": "UA80", "threat": "air", "act": "cancelled"})
    audit = tocsin("audit", "--realm", "exercise", "--data", desk.data).stdout.splitlines()
    assert all(json.loads(line)["kind"] == "approval" for line in audit)


HIDDEN = [
    "\u202e",
    "\u2066",
    "\u200b",
    "\ufeff",
    "\x1b[31m",
    "\x07",
    "\x00",
    "\u200f",
    "\x9b",
    "\U000e0041",
    "\u2028",
]


@pytest.mark.parametrize("mark", HIDDEN, ids=ascii)
@pytest.mark.parametrize("field", ["text_uk", "text_en", "area", "more", "template"])
def test_characters_that_hide_or_reorder_are_refused_in_every_field(desk, olha, field, mark):
    """Bidirectional overrides, zero width, escapes: nothing is sent, and the answer does not carry them."""
    form = {"area": "UA80", "template": "air"}
    answer = olha.post("/check", {**form, field: form.get(field, "Kyiv") + mark + "a"})
    assert answer.status_code in (422, 400), answer.text
    assert mark not in answer.text or mark == "\x00"
    assert "\x00" not in answer.text


@pytest.mark.parametrize(
    "text",
    ["call +380 44 123-45-67", "0441234567", "https://evil.example/x", "see www.evil.example", "a@b.ua"],
)
def test_links_and_numbers_are_not_taken_from_a_keyboard(text):
    """A wrong number in an alert is called by thousands."""
    with pytest.raises(SubscriberError, match="links and telephone numbers"):
        text_of({"en": text})


def test_a_text_in_one_language_marks_the_other():
    """Never an older one, never a guess."""
    assert "Міст закрито (not translated into English)" == text_of({"uk": "Міст закрито"})
    assert "The bridge is shut (українською не перекладено)" == text_of({"en": "The bridge is shut"})
    assert "Міст закрито / The bridge is shut" == text_of({"uk": "Міст закрито", "en": "The bridge is shut"})
    assert text_of({"uk": " "}) is None


# What is left


def test_an_act_can_be_audited(desk, olha):
    """Who, with which credential, from where, and the hashes of the order and of the screen."""
    name, _ = olha.order(area="UA80", template="air")
    assert 303 == olha.post("/send", {"order": name, "step": "send"}).status_code
    act = said(desk, Approval)[-1]
    assert (name, "olha", "office", "code", "127.0.0.1") == (
        act.order, act.person, act.authority, act.credential, act.address)  # fmt: skip
    assert re.fullmatch("[0-9a-f]{64}", act.screen)
    assert [] == said(desk, Approval, Realm.ACTUAL), "nothing of the exercise is in the actual log"
    olha.post("/end", {"area": "UA80", "threat": "air", "act": "clear"})


def test_only_what_the_own_office_holds_can_be_ended(desk, olha):
    """A clear of what was never raised would say that somewhere is no danger."""
    before = len(said(desk))
    answer = olha.post("/end", {"area": "UA46", "threat": "air", "act": "clear"})
    assert "does not hold" in answer.text
    assert before == len(said(desk))


def test_the_desk_says_when_nobody_else_could_correct_a_mistake(desk, olha):
    """Fewer than two people who can end."""
    assert "Fewer than two people" in olha.get("/").text


def test_the_desk_says_where_sources_disagree(desk, olha):
    """One holds an area raised, another that is heard calls it clear; quiet again when they agree."""
    one = desk.feed("siren", "UA59", "air", realm="exercise")
    other = desk.feed("backup", "UA59", "air", realm="exercise")
    one.say("UA59")
    other.contact("UA59")
    other.say("UA59", "clear")
    words = "Sources disagree: Air raid alert: Sumy Oblast, raised by siren, clear by backup"
    assert words in html.unescape(olha.get("/").text)
    one.say("UA59", "clear")
    assert "Sources disagree" not in olha.get("/").text
