"""A signature counts for what it covers, from whom it is pinned, while it is valid; tricks with it fail."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner

from tests.cap.messages import alert, info
from tocsin.cap.lint import Verdict
from tocsin.cap.sign import Key, choose, days_left, read_key, read_signed, sign, warning
from tocsin.errors import ConfigError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def key(
    begins: datetime = NOW - DAY, ends: datetime = NOW + 365 * DAY, *, kind: str = "ec", name: str = "desk"
) -> Key:
    """Return a key with a certificate of its own, valid for a while."""
    private = (
        ec.generate_private_key(ec.SECP256R1())
        if kind == "ec"
        else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(
            x509.KeyUsage(True, False, False, False, False, False, False, False, False), critical=True
        )
        .sign(private, hashes.SHA256())
    )
    return Key(private, certificate)


OURS = key()
THEIRS = key(name="desk")  # the same name, another key
SIGNED = sign(alert().encode(), OURS)
PINNED = [OURS.certificate]
SIGNATURE = SIGNED[
    SIGNED.index(b"<ds:Signature") : SIGNED.index(b"</ds:Signature>") + len(b"</ds:Signature>")
]


def rules(body: bytes, pinned=PINNED, now: datetime = NOW) -> list[str]:
    """Return the rules for which a signed message is refused."""
    reading = read_signed(body, pinned, now)
    assert (reading.message is None) == (reading.verdict is Verdict.REFUSED)
    return [one.rule for one in reading.findings]


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_what_is_signed_is_read(kind):
    """As if it had come unsigned, and without the warning that nobody checked."""
    mine = key(kind=kind)
    reading = read_signed(sign(alert().encode(), mine), [mine.certificate], NOW)

    assert reading.findings == ()
    assert reading.message is not None and reading.message.identifier == "one"
    assert reading.message.infos[0].event == "Повітряна тривога"


def test_any_pinned_certificate_will_do():
    """Old and new overlap."""
    assert rules(SIGNED, [THEIRS.certificate, OURS.certificate]) == []


def test_an_unsigned_message_is_refused_where_one_signs():
    """Also when a signature stands where it signs nothing."""
    assert rules(alert().encode()) == ["signature-missing"]
    assert rules(alert(info(before_area=SIGNATURE.decode())).encode()) == ["signature-missing"]


def test_somebody_elses_signature_is_none():
    """Though it has the same name in it, and comes with its own certificate."""
    assert rules(sign(alert().encode(), THEIRS)) == ["signature-invalid"]
    assert rules(SIGNED, []) == ["signature-invalid"]


@pytest.mark.parametrize(
    ("what", "by"),
    [
        (b"Actual", b"Test"),
        (b"<msgType>Alert", b"<msgType>Cancel"),
        (b"2026-03-01T10:00:00+02:00", b"2026-03-02T10:00:00+02:00"),
        (b"UA80000000000093317", b"UA63000000000041885"),
        (b"<identifier>one", b"<identifier>two"),
        (b"<urgency>", b"<audience>nobody</audience><urgency>"),
    ],
)
def test_a_changed_message_is_refused(what, by):
    """Whatever was changed: status, kind, time, place, name."""
    assert what in SIGNED
    assert rules(SIGNED.replace(what, by, 1)) == ["signature-invalid"]


def wrapped() -> dict[str, bytes]:
    """Return the ways to show a reader another alert than the one that was signed."""
    inner = SIGNED[SIGNED.index(b"<alert") :]
    evil = alert(identifier="evil").encode()
    end = b"</alert>"
    unsigned = inner.replace(SIGNATURE, b"")
    by_id = SIGNATURE.replace(b'URI=""', b'URI="#x"')
    close = b"</ds:Signature>"
    holding = SIGNATURE.replace(close, b"<ds:Object>" + unsigned + b"</ds:Object>" + close)
    named = unsigned.replace(b"<alert ", b'<alert Id="x" ', 1)
    return {
        "the signed one inside another": evil.replace(end, inner + end),
        "the signed one first inside another": evil.replace(b"<identifier>", inner + b"<identifier>", 1),
        "the signature alone": evil.replace(end, SIGNATURE + end),
        "the signature, and the signed one in an object": evil.replace(end, holding + end),
        "the signature by reference": evil.replace(end, by_id + named + end),
        "beside it": b"<feed>" + inner + evil + b"</feed>",
        "a second info": inner.replace(end, info(event="evil").encode() + end),
        "a second signature first": inner.replace(SIGNATURE, b"<ds:Signature xmlns:ds="
            b"'http://www.w3.org/2000/09/xmldsig#'/>" + SIGNATURE),
        "a document type": b"<!DOCTYPE alert [<!ENTITY x 'y'>]>" + inner,
        "a comment in the kind": inner.replace(b"<msgType>Al", b"<msgType>Al<!-- -->"),
        "an instruction in the status": inner.replace(b"<status>Act", b"<status>Act<?x?>"),
        "two statuses": inner.replace(b"<status>", b"<status>Test</status><status>", 1),
    }  # fmt: skip


@pytest.mark.parametrize("trick", wrapped())
def test_a_wrapped_message_has_no_effect(trick):
    """The reader sees what was signed or nothing at all."""
    reading = read_signed(wrapped()[trick], PINNED, NOW)

    assert reading.verdict is Verdict.REFUSED
    assert reading.message is None or reading.message.identifier != "evil"


def test_a_signature_of_a_part_is_none():
    """The rest would be anybody's."""
    tree = etree.fromstring(alert().encode().replace(b"<info>", b'<info Id="part">'))
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped, signature_algorithm=SignatureMethod.ECDSA_SHA256
    )
    signed = signer.sign(tree, key=OURS.private, cert=[OURS.certificate], reference_uri="part")

    assert rules(etree.tostring(signed)) == ["signature-invalid"]


def test_a_weak_digest_is_refused():
    """SHA-1 can be forged."""

    class Weak(XMLSigner):
        def check_deprecated_methods(self) -> None:
            """Sign as people did."""

    signer = Weak(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA1,
        digest_algorithm=DigestAlgorithm.SHA1,
    )
    mine = key(kind="rsa")
    signed = signer.sign(etree.fromstring(alert().encode()), key=mine.private, cert=[mine.certificate])

    assert rules(etree.tostring(signed), [mine.certificate]) == ["signature-invalid"]


def test_a_certificate_counts_while_it_is_valid():
    """Neither before nor after."""
    assert rules(SIGNED, now=NOW - 2 * DAY) == ["signature-invalid"]
    assert rules(SIGNED, now=NOW + 366 * DAY) == ["signature-invalid"]


def test_the_key_that_ends_last_signs():
    """So that a new one is in use as soon as it is valid, and the old one while it is not."""
    old, new = key(ends=NOW + 10 * DAY), key(begins=NOW + DAY, ends=NOW + 400 * DAY)

    assert choose([old, new], NOW) == old
    assert choose([old, new], NOW + 2 * DAY) == new
    with pytest.raises(ConfigError, match="no key for CAP is valid"):
        choose([old, new], NOW + 500 * DAY)


@pytest.mark.parametrize(
    ("left", "told"), [(61, None), (60, 60), (31, 60), (30, 30), (14, 14), (8, 14), (7, 7), (0, 7), (-1, 7)]
)
def test_somebody_is_told_in_time_that_the_certificates_end(left, told):
    """At 60, 30, 14 and 7 days; the longest of those that are pinned counts."""
    certificates = [key(ends=NOW + left * DAY).certificate, key(ends=NOW).certificate] if left >= 0 else []

    assert warning(certificates, NOW) == told
    assert days_left(certificates, NOW) == max(left, 0)


def test_a_key_that_does_not_fit_is_named():
    """The operator sees what to put right."""
    private = OURS.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = OURS.certificate.public_bytes(serialization.Encoding.PEM)

    assert read_key(private, certificate).certificate == OURS.certificate
    with pytest.raises(ConfigError, match="of another key"):
        read_key(private, THEIRS.certificate.public_bytes(serialization.Encoding.PEM))
    with pytest.raises(ConfigError, match="cannot read the key"):
        read_key(b"x", certificate)
