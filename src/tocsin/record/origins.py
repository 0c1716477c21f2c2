"""Where a claim comes from: which claims are one origin (rule R2), and which origins are independent (R3).

A claim with a source inside its text has that source as its origin: the mayor, whoever quotes him.  A claim
on its text's own account has its publisher, or where the text is a copy, the publisher of the original.
A text is a copy of an earlier one if it is the same but for spacing, case and punctuation; or shares 4 of 5
runs of five words, or holds 9 of 10 of the other's; or credits the same wire and holds 3 of 10.

True copies of agency texts share only 30 % of three-word runs on average (NEWS-COPY), so credit
lines and chains decide, and likeness alone only where it is plain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

from tocsin.record.kept import Evidence, KeptClaim, RelationKind, ReportVersion, Source

_WORD = re.compile(r"\w+")
_RUN = 5  # words
_JACCARD, _CONTAINED, _CREDITED = 0.8, 0.9, 0.3


class Copy(StrEnum):
    """How a text stands to an earlier one."""

    IDENTICAL = "identical"
    NEAR_DUPLICATE = "near_duplicate"
    WIRE_COPY = "wire_copy"
    NONE = "none"


class Groups:
    """Names put together: union-find, in which the least name stands for its group."""

    def __init__(self) -> None:
        self._up: dict[str, str] = {}

    def of(self, name: str) -> str:
        """Return the name that stands for a name's group."""
        while (above := self._up.get(name, name)) != name:
            name = above
        return name

    def join(self, one: str, other: str) -> None:
        """Put two groups together."""
        first, second = sorted((self.of(one), self.of(other)))
        self._up[second] = first


def words(text: str) -> tuple[str, ...]:
    """Return a text's words, without case, spacing and punctuation."""
    return tuple(_WORD.findall(text.casefold()))


def _runs(found: Sequence[str]) -> frozenset[tuple[str, ...]]:
    size = min(_RUN, max(1, len(found)))
    return frozenset(tuple(found[at : at + size]) for at in range(len(found) - size + 1))


class _Text(NamedTuple):
    """A text, taken apart once."""

    version: ReportVersion
    words: tuple[str, ...]
    runs: frozenset[tuple[str, ...]]


def _apart(version: ReportVersion) -> _Text:
    found = words(version.text)
    return _Text(version, found, _runs(found))


def copy(one: ReportVersion, other: ReportVersion) -> Copy:
    """Return whether two texts are one, whichever was first."""
    return _copy(_apart(one), _apart(other))


def _copy(one: _Text, other: _Text) -> Copy:
    if not one.words or not other.words:
        return Copy.NONE
    if one.words == other.words:
        return Copy.IDENTICAL
    shared = len(one.runs & other.runs)
    contained = shared / min(len(one.runs), len(other.runs))
    if contained >= _CREDITED and _same_credit(one.version, other.version):
        return Copy.WIRE_COPY
    if contained >= _CONTAINED or shared / len(one.runs | other.runs) >= _JACCARD:
        return Copy.NEAR_DUPLICATE
    return Copy.NONE


def _same_credit(one: ReportVersion, other: ReportVersion) -> bool:
    """Return whether both credit one wire, or one is that wire."""
    wires = [{version.credit.casefold(), version.publisher.casefold()} - {""} for version in (one, other)]
    credits = {one.credit.casefold(), other.credit.casefold()} - {""}
    return bool(wires[0] & wires[1] & credits)


def _near(texts: Sequence[_Text]) -> Iterator[tuple[_Text, _Text]]:
    """Yield the pairs that share a run of words: the others are no copies, and comparing all is slow."""
    by_run: dict[tuple[str, ...], list[int]] = {}
    for place, one in enumerate(texts):
        for run in one.runs:
            by_run.setdefault(run, []).append(place)
    pairs = {pair for places in by_run.values() for pair in combinations(places, 2)}
    yield from ((texts[one], texts[other]) for one, other in sorted(pairs))


def originals(reports: Iterable[ReportVersion]) -> dict[str, str]:
    """Return the publisher of the original of each report: of the wire it credits, or of the earliest copy.

    Args:
        reports: All versions of the reports of one incident, in any order.
    """
    first = {version.report: version for version in sorted(reports, key=_age, reverse=True)}
    held = [first[name] for name in sorted(first)]
    groups = Groups()
    for one, other in _near(list(map(_apart, held))):
        if _copy(one, other) is not Copy.NONE:
            groups.join(one.version.report, other.version.report)
    wire: dict[str, str] = {}
    for version in sorted(held, key=_age):
        wire.setdefault(groups.of(version.report), version.credit or version.publisher)
    return {version.report: wire[groups.of(version.report)] for version in held}


def _age(version: ReportVersion) -> tuple[datetime, datetime, str, int]:
    return (version.published or version.seen, version.seen, version.report, version.version)


def origins(claims: Iterable[KeptClaim], evidence: Evidence) -> dict[str, str]:
    """Return the origin of each claim, by its id.  Equal origins are one (R2).

    Args:
        claims: Claims of one key.
        evidence: What was seen by then: its reports tell copies, its relations what a person ruled.
    """
    held = sorted(claims, key=lambda claim: claim.id)
    mine = {claim.report for claim in held}
    copied = originals(version for version in evidence.reports if version.report in mine)
    publishers = {version.report: version.publisher for version in evidence.reports}
    groups, found = Groups(), {}
    for claim in held:
        own = is_own(claim, publishers) and claim.report in copied
        found[claim.id] = copied[claim.report] if own else _inner(claim)
        if claim.post:
            groups.join(found[claim.id], f"post {claim.post}")
    for relation in evidence.relations:
        if relation.kind is RelationKind.SAME_ORIGIN and {relation.subject, relation.to} <= found.keys():
            groups.join(found[relation.subject], found[relation.to])
    return {claim: groups.of(origin) for claim, origin in found.items()}


def is_own(claim: KeptClaim, publishers: Mapping[str, str]) -> bool:
    """Return whether a claim is on its text's own account, by the publisher of each report."""
    return not claim.chain or claim.chain[0] == publishers.get(claim.report, claim.chain[-1])


def _inner(claim: KeptClaim) -> str:
    return claim.chain[0] if claim.chain else f"report {claim.report}"


def independent(claims: Iterable[KeptClaim], of: Mapping[str, str], evidence: Evidence) -> int:
    """Return how many groups of origins are independent (R3).

    Two origins are not if one group owns or commands both, or one cites the other.

    Args:
        claims: Claims of one key, those that others replaced too: they tell who cites whom.
        of: The origin of each claim, as `origins` returns it.
        evidence: The sources with their groups, the reports with what they cite.
    """
    held = [claim for claim in claims if claim.id in of]
    owners = {source.name: source.group or source.name for source in evidence.sources}
    cites = {version.report: version.cites for version in evidence.reports}
    names = {of[claim.id] for claim in held}
    groups = Groups()
    for claim in held:
        groups.join(
            f"origin {of[claim.id]}",
            f"owner {owners.get(claim.chain[0], claim.chain[0])}"
            if claim.chain
            else f"origin {of[claim.id]}",
        )
        groups.join(f"origin {of[claim.id]}", f"owner {owners.get(of[claim.id], of[claim.id])}")
        for other in (*claim.chain[1:], *cites.get(claim.report, ())):
            if other in names:
                groups.join(f"origin {of[claim.id]}", f"origin {other}")
    return len({groups.of(f"origin {name}") for name in names})


def tier(source: Source | None, harmed: str, areas: Iterable[str]) -> int:
    """Return a source's place in the order for `best` (R6), 1 the first.

    1 the UN; 2 a local authority or emergency service of the harmed place; 3 a national authority;
    4 media's, monitors' and instruments' own count; 5 the other party; 6 nobody named.

    Args:
        source: None where the chain ends in nobody that we know.
        harmed: The party that was attacked; empty: not known, then no party is the other one.
        areas: The areas of the harm and those around them; empty: not known, then every local body counts.
    """
    if source is None or source.kind in ("group_unnamed", "person"):
        return 6
    if harmed and source.party and source.party != harmed:
        return 5
    if source.kind == "un_body":
        return 1
    if source.kind in ("local_authority", "emergency_service"):
        known = set(areas)
        return 2 if source.area is None or not known or source.area in known else 3
    return 3 if source.kind in ("state_leader", "state_body", "military", "utility") else 4
