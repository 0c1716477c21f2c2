"""Signed CAP: XML-DSig, enveloped, of the whole message.

A signature counts only if it was made with a pinned certificate, by an algorithm in the two lists
below, over the whole document.  What is then read is what was signed, byte for byte as it was
digested, and nothing else that stands in the document; so a second alert wrapped around or hidden
beside the signed one is never seen.

Certificates overlap: a new one is pinned long before the old one ends, and `warning` says when that is due.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from tocsin.cap.lint import Finding, Verdict
from tocsin.cap.message import SIGNATURE_NAMESPACE, VERSIONS
from tocsin.cap.read import Reading, read_one
from tocsin.cap.tree import MESSAGE_LIMITS, Unreadable, parse
from tocsin.errors import ConfigError

WARN_DAYS = (60, 30, 14, 7)  # before a certificate ends: of these it has passed, so many are left to act

_METHODS = frozenset(
    {
        SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA384, SignatureMethod.ECDSA_SHA512,
        SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512,
    }
)  # fmt: skip
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})


class Key(NamedTuple):
    """A private key and the certificate that goes with it."""

    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    certificate: x509.Certificate


def read_key(private: bytes, certificate: bytes) -> Key:
    """Return a key.

    Args:
        private: The private key, PEM, without a password.
        certificate: Its certificate, PEM.

    Raises:
        ConfigError: One of them cannot be read, or they do not belong together.
    """
    try:
        key = serialization.load_pem_private_key(private, None)
        found = x509.load_pem_x509_certificate(certificate)
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"cannot read the key for CAP: {error}", todo="give a key and a certificate, both PEM"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise ConfigError("cannot sign CAP with this kind of key", todo="give an EC or an RSA key")
    if key.public_key() != found.public_key():
        raise ConfigError(
            "the certificate for CAP is of another key", todo="give the one that was made with it"
        )
    return Key(key, found)


HANDOVER = timedelta(days=1)  # receivers need time to pin a new certificate; till then the old key signs


def choose(keys: Sequence[Key], now: datetime) -> Key:
    """Return the key to sign with: of those that are valid now the one that ends last.

    One that is younger than `HANDOVER` signs only where there is no other: whoever pinned the old one alone
    would refuse every message.

    Raises:
        ConfigError: None is valid now.
    """
    valid = [key for key in keys if _holds(key.certificate, now)]
    if not valid:
        raise ConfigError("no key for CAP is valid now", todo="make a new one and give its certificate out")
    known = [key for key in valid if key.certificate.not_valid_before_utc <= now - HANDOVER]
    return max(known or valid, key=lambda key: key.certificate.not_valid_after_utc)


def days_left(certificates: Sequence[x509.Certificate], now: datetime) -> int:
    """Return for how many whole days one of these will be valid; 0 if none is."""
    left = [one.not_valid_after_utc - now for one in certificates if _holds(one, now)]
    return max((one.days for one in left), default=0)


def warning(certificates: Sequence[x509.Certificate], now: datetime) -> int | None:
    """Return the smallest of 60, 30, 14 and 7 days that the time left has come down to; None before that.

    It changes on the day on which somebody is to be told again.
    """
    left = days_left(certificates, now)
    return min((days for days in WARN_DAYS if left <= days), default=None)


def _holds(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def sign(document: bytes, key: Key) -> bytes:
    """Return a message with a signature as the last child of its `alert`.

    Args:
        document: A message that `write.to_xml` made.
        key: From `choose`.
    """
    curve = isinstance(key.private, ec.EllipticCurvePrivateKey)
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.ECDSA_SHA256 if curve else SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signed = signer.sign(_tree(document), key=key.private, cert=[key.certificate])
    return bytes(etree.tostring(signed, xml_declaration=True, encoding="UTF-8")) + b"\n"


def _tree(document: bytes) -> etree._Element:
    return etree.fromstring(document, _parser())


def _parser() -> etree.XMLParser:
    # Comments stay: the canonical form without them is made by the verifier, from what was sent.
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def read_signed(body: bytes, pinned: Sequence[x509.Certificate], now: datetime) -> Reading:
    """Return the message that was signed, or why it is refused.

    Args:
        body: The bytes as they came.
        pinned: The certificates of the sender.
        now: The time, by which a certificate is valid or not.
    """
    try:
        root = parse(body, feed=MESSAGE_LIMITS).root
    except Unreadable:
        return read_one(body)
    asked = read_one(body)
    signatures = [
        one for one in root.children if (one.namespace, one.name) == (SIGNATURE_NAMESPACE, "Signature")
    ]
    if asked.verdict is Verdict.REFUSED:
        # What is refused unsigned is refused signed: a comment in a value, a second status.
        return Reading(None, asked.findings)
    if not signatures:
        return _refused("signature-missing", root.line, "there is no Signature in the alert")
    for certificate in pinned:
        signed = _signed(body, certificate, now) if _holds(certificate, now) else None
        if signed is not None:
            return _checked(signed)
    return _refused("signature-invalid", signatures[0].line, f"{len(pinned)} certificates are pinned")


def _refused(rule: str, line: int, found: str) -> Reading:
    return Reading(None, (Finding(rule, line, found),))


def _checked(signed: bytes) -> Reading:
    reading = read_one(signed)
    findings = tuple(one for one in reading.findings if one.rule != "signature-unchecked")
    return Reading(reading.message, findings)


def _signed(body: bytes, certificate: x509.Certificate, now: datetime) -> bytes | None:
    """Return the canonical bytes that one certificate signed; None unless they are the whole message."""
    expected = SignatureConfiguration(
        location="./",  # a child of the alert, and nowhere else
        expect_references=1,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        verification_time=now,
    )
    try:
        found = XMLVerifier().verify(body, x509_cert=certificate, expect_config=expected, parser=_parser())
    except (SignXMLException, etree.LxmlError, ValueError):
        return None
    one = found[0] if isinstance(found, list) else found
    # A reference to a part by its id would leave the rest unsigned; only the empty one means the whole.
    whole = one.signature_xml.find(f".//{{{SIGNATURE_NAMESPACE}}}Reference")
    if whole is None or whole.get("URI") != "" or one.signed_xml is None:
        return None
    name = etree.QName(one.signed_xml)
    return one.signed_data if name.localname == "alert" and name.namespace in VERSIONS else None
