"""An operator at the console, in a real browser with a passkey: raise, approve, update, clear, cancel."""

import time

import pytest
from playwright.sync_api import Error

from tests.support import RunningServer, tocsin, wait_until
from tocsin.model import Alert, Approval, Realm, Signal, Step

SLOW_MS = 15_000


class Operator:
    """Somebody with a browser and an authenticator of their own."""

    def __init__(self, page, desk, realm="exercise"):
        self.page = page
        self.at = f"{desk.replace('127.0.0.1', 'localhost')}/{realm}/en"
        page.set_default_timeout(SLOW_MS)
        cdp = page.context.new_cdp_session(page)
        cdp.send("WebAuthn.enable")
        cdp.send("WebAuthn.addVirtualAuthenticator", {"options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
        }})  # fmt: skip

    def enrol(self, link):
        """Make a passkey by a link, and be logged in."""
        self.page.goto(link)
        self.press("Make a passkey")
        self.page.wait_for_url(f"{self.at}/")

    def board(self):
        """Open the board; the page may be loading itself again at that moment."""
        for _ in range(5):
            try:
                self.page.goto(f"{self.at}/")
                return
            except Error as error:
                if "interrupted" not in str(error):
                    raise
                self.page.wait_for_load_state()

    def press(self, name):
        """Press the button whose name contains this."""
        self.page.get_by_role("button", name=name).first.click()

    def choose(self, *areas):
        """Choose areas in the list."""
        for area in areas:
            self.page.get_by_label(area, exact=True).check()

    def reads(self):
        """Return what the page's main part says."""
        return self.page.inner_text("main")


def link_of(done, realm):
    """Return the link that a command printed for a realm."""
    assert done.returncode == 0, done.stderr
    return next(line for line in done.stdout.split() if f"/{realm}/" in line)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A server whose desk has two people in the exercise."""
    with RunningServer(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture(scope="module")
def olha(desk, browser):
    """The first administrator, logged in to the exercise."""
    link = link_of(
        tocsin("desk", "init", "olha", "--authority", "kyiv-office", "--data", desk.data), "exercise"
    )
    context = browser.new_context()
    operator = Operator(context.new_page(), desk.desk)
    operator.enrol(link)
    wait_until(lambda: desk.entries(Realm.EXERCISE), "the exercise has a log")
    yield operator
    context.close()


@pytest.fixture(scope="module")
def petro(desk, olha, browser):
    """A second person who may approve."""
    made = tocsin(
        "desk", "add", "petro", "--authority", "kyiv-office", "--role", "supervisor", "--data", desk.data
    )
    context = browser.new_context()
    operator = Operator(context.new_page(), desk.desk)
    operator.enrol(link_of(made, "exercise"))
    yield operator
    context.close()


def kinds(desk, kind):
    """Return what the exercise's log holds of one kind."""
    return [one for _, one in desk.entries(Realm.EXERCISE) if isinstance(one, kind)]


def told(desk, area):
    """Return the newest alert about an area."""
    return [one for one in kinds(desk, Alert) if area in one.areas][-1]


def test_a_raise_is_three_presses(desk, olha):
    """Area, template, and the button that says what it does; it is in the log within seconds."""
    begun = time.monotonic()
    olha.board()
    olha.choose("Kyiv")
    olha.press("Air raid")
    shown = olha.reads()
    olha.press("Raise: Air raid alert, Kyiv")
    olha.page.wait_for_url("**done=sent")
    assert time.monotonic() - begun < 15

    for words in ("EXERCISE", "Kyiv (UA80)", "ПОВІТРЯНА ТРИВОГА", "Go to a shelter now", "Негайно пройдіть"):
        assert words.casefold() in shown.casefold()
    said = kinds(desk, Signal)[-1]
    assert ("kyiv-office", "UA80", "raised", "exercise") == (said.source, said.area, said.state, said.realm)
    assert "raised" == told(desk, "UA80").state
    step = kinds(desk, Approval)[-1]
    assert (Step.SENT, "olha") == (step.step, step.person)
    assert step.credential.startswith("passkey:")
    assert "unknown" == desk.state("UA80"), "nothing of it reaches the actual board"


def test_the_level_is_updated_from_the_raise_itself(desk, olha):
    """A higher level is a new signal: two presses."""
    olha.board()
    olha.press("Update the level: Air raid alert: Kyiv, level: red")
    olha.press("Raise: Air raid alert, Kyiv")
    olha.page.wait_for_url("**done=sent")
    assert "red" == kinds(desk, Signal)[-1].level
    assert "Air raid alert, red: Kyiv" in olha.reads()


def test_an_all_clear_is_one_press(desk, olha):
    """It stands beside the raise, and ends it."""
    olha.board()
    olha.press("All clear: Air raid alert, red: Kyiv")
    olha.page.wait_for_url("**done=sent")
    assert "clear" == kinds(desk, Signal)[-1].state
    assert "clear" == told(desk, "UA80").state
    assert "Your office holds nothing raised" in olha.reads()


def test_what_was_sent_in_error_is_cancelled_by_one_press(desk, olha):
    """It is no all clear: what follows is unknown."""
    olha.board()
    olha.choose("Lviv Oblast")
    olha.press("Artillery")
    olha.press("Raise: Artillery")
    olha.page.wait_for_url("**done=sent")
    olha.press("Sent in error: Artillery alert: Lviv Oblast")
    wait_until(lambda: kinds(desk, Signal)[-1].state == "cancelled", "the cancellation is in the log")
    last = told(desk, "UA46")
    assert ("unknown", True) == (last.state, last.cancelled)


def test_a_nuclear_raise_takes_two_people(desk, olha, petro):
    """One proposes, and nothing is sent; another's passkey signs the same hash, and it is."""
    before = len(kinds(desk, Signal))
    olha.board()
    olha.choose("Kyiv")
    olha.press("Radiation danger")
    assert "takes two people" in olha.reads()
    olha.press("Propose")
    olha.page.wait_for_url("**done=proposed")
    assert before == len(kinds(desk, Signal)), "nothing is sent"

    petro.board()
    petro.page.get_by_role("link", name="Open").first.click()
    assert "Go inside" in petro.reads()
    petro.press("Approve and send")
    petro.page.wait_for_url("**done=approved")
    assert before + 1 == len(kinds(desk, Signal))
    proposed, approved = kinds(desk, Approval)[-2:]
    assert (Step.PROPOSED, "olha", Step.APPROVED, "petro") == (
        proposed.step, proposed.person, approved.step, approved.person)  # fmt: skip
    assert proposed.order == approved.order
    assert proposed.signature and approved.signature
    assert proposed.credential != approved.credential


def test_who_proposed_cannot_approve(desk, olha, petro):
    """Also with their own passkey, and nothing is sent."""
    before = len(kinds(desk, Signal))
    olha.board()
    olha.choose("Kyiv")
    olha.press("Chemical danger")
    olha.press("Propose")
    olha.page.wait_for_url("**done=proposed")
    olha.page.get_by_role("link", name="Open").first.click()
    olha.press("Approve and send")
    olha.page.wait_for_selector(".error")
    assert "cannot approve" in olha.reads()
    assert before == len(kinds(desk, Signal))
    petro.board()
    petro.page.get_by_role("link", name="Open").first.click()
    petro.press("Refuse")
    petro.page.wait_for_url("**done=refused")
    assert before == len(kinds(desk, Signal))


def test_who_is_revoked_is_out_within_a_second(desk, petro):
    """Also with an open page: it asks every second, and lands at the log-in."""
    petro.board()
    done = tocsin("desk", "revoke", "petro", "--data", desk.data)
    assert done.returncode == 0, done.stderr
    begun = time.monotonic()
    petro.page.wait_for_url("**/log-in")
    assert time.monotonic() - begun < 2.5  # one second, and the page's own way there on a busy machine


def test_one_realms_passkey_opens_no_other(desk, olha):
    """The actual desk does not know the exercise's passkey."""
    olha.page.goto(olha.at.replace("exercise", "actual") + "/")
    olha.page.wait_for_url("**/actual/en/log-in")
    olha.press("Log in with a passkey")
    olha.page.wait_for_selector(".error")
    assert "not known here" in olha.reads()


def test_the_console_fits_a_phone_and_speaks_ukrainian(desk, olha):
    """No page is wider than the screen, and each says НАВЧАННЯ."""
    page = olha.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(olha.at.replace("/en", "/uk") + "/")
    page.get_by_label("м. Київ", exact=True).check()
    for _ in range(2):
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert "НАВЧАННЯ" in page.inner_text(".realm")
        if page.locator("#screen").count():
            break
        page.get_by_role("button", name="Повітряна тривога").first.click()
        page.wait_for_selector("#screen")


def test_a_raise_needs_no_mouse(desk, olha):
    """Tab, space and enter lead from the board to a raise; the button that sends has the focus."""
    page = olha.page
    page.set_viewport_size({"width": 1280, "height": 900})
    olha.board()
    page.get_by_label("Odesa Oblast", exact=True).focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Air raid", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#screen")
    assert "Raise: Air raid alert, Odesa Oblast" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=sent")
    assert ("raised", "UA51") == (kinds(desk, Signal)[-1].state, kinds(desk, Signal)[-1].area)
    assert kinds(desk, Signal)[-1].expires is not None, "an exercise ends by itself"
