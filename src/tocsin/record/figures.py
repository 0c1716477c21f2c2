"""Figures: how many, by which claims and by which rules.

    R0   words become an interval (`intervals`)        R1   only equal keys merge
    R2   copies and quotations are one origin          R3   independence (`origins`)
    R4   of one origin the latest counts, by the moment as of which it speaks
    R5   a correction replaces, also downwards; a retraction removes
    R5b  a lower count of the same origin that does not say that it corrects is flagged
    R6   the order of sources for `best` (`origins.tier`); no figure is an average
    R7   low is the least lower bound, high the greatest upper bound, open if one is open, unless an exact
         count of tier 1 or 2 satisfies it; best is of the top tier, within 6 h of its newest: the majority,
         then the lowest
    R7b  a contradiction is two intervals without a common number, as of moments at most 6 h apart
    R8   an "at least" that is lower and at least 24 h older than that of an equal or better source is stale
    R11  nothing reported is None, never 0             R12  killed and injured are never added
    R13  as of a moment, only what was seen by then counts
    R15  the grade (`grades`)
    R16  what a report calls unsubstantiated is listed, never used

Sums and tallies (R9, R10) are checks: `sums` for what one origin says, `checks` between figures.  Nothing
depends on the order in which claims came: they are ordered by what they say, not by how they are given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from typing import NamedTuple

from tocsin.record import origins
from tocsin.record.checks import checked
from tocsin.record.claims import Polarity
from tocsin.record.grades import grade
from tocsin.record.intervals import Interval, said
from tocsin.record.kept import (
    Circumstances,
    Evidence,
    Figure,
    KeptClaim,
    Key,
    RelationKind,
    Source,
)

TOGETHER = timedelta(hours=6)  # R7, R7b: counts as near as this speak of the same moment
STALE = timedelta(hours=24)  # R8
ALWAYS = ("killed", "injured")  # asked of every incident, so that "not known" is said (R11)
_EXACT_TIERS = 2  # R7: whose exact count closes an open bound


class _Count(NamedTuple):
    """A claim that may be used, with what the rules look at."""

    claim: KeptClaim
    interval: Interval
    origin: str
    tier: int
    party: str


class _Sifted(NamedTuple):
    """The counts that may be used, and what became of the rest."""

    current: list[_Count]
    superseded: set[str]
    unsubstantiated: set[str]
    flags: set[str]
    rules: set[str]


def key(claim: KeptClaim) -> Key:
    """Return what a claim counts."""
    return Key(claim.incident, claim.measure, claim.population, claim.scope)


def known_at(evidence: Evidence, as_of: datetime | None) -> Evidence:
    """Return what had been seen at a moment (R13); None: everything."""
    if as_of is None:
        return evidence
    return Evidence(
        sources=evidence.sources,
        reports=tuple(one for one in evidence.reports if one.seen <= as_of),
        claims=tuple(one for one in evidence.claims if one.seen <= as_of),
        relations=tuple(one for one in evidence.relations if one.seen <= as_of),
        retractions=tuple(one for one in evidence.retractions if one.seen <= as_of),
    )


def figures_of(
    evidence: Evidence,
    circumstances: Mapping[str, Circumstances] | None = None,
    as_of: datetime | None = None,
    always: Iterable[str] = ALWAYS,
) -> tuple[Figure, ...]:
    """Return every figure that the evidence gives, and those that it does not give of what is always asked.

    Args:
        evidence: Sources, reports, claims and what was ruled of them, of one or many incidents, in any order.
        circumstances: What is known of each incident beside its claims.
        as_of: Count only what was seen by then; None: everything.
        always: Measures that every incident gets a figure of, with None where nobody says a number.

    Returns:
        n figures in the order of their keys.
    """
    known = known_at(evidence, as_of)
    keys = {key(claim) for claim in known.claims if claim.incident and claim.measure}
    keys |= {Key(claim.incident, measure) for claim in known.claims if claim.incident for measure in always}
    around = circumstances or {}
    return checked(
        figure(one, known, around.get(one.incident, Circumstances()), as_of) for one in sorted(keys)
    )


def figure(
    of: Key, evidence: Evidence, circumstances: Circumstances | None = None, as_of: datetime | None = None
) -> Figure:
    """Return one figure.

    Args:
        of: What is counted.
        evidence: As for `figures_of`; claims of other keys are passed over.
        circumstances: What is known of the incident beside its claims; None: nothing.
        as_of: Count only what was seen by then; None: everything.
    """
    around = circumstances or Circumstances()
    known = known_at(evidence, as_of)
    claims = sorted((one for one in known.claims if key(one) == of), key=_age)
    came_from = origins.origins(claims, known)
    sifted = _sift(claims, came_from, known, around)
    sifted.rules.update({"R13"} if as_of is not None else ())
    stale = _stale(sifted.current)
    used = [count for count in sifted.current if count.claim.id not in stale]
    contradictions = _contradictions(used)
    flags = sifted.flags | {f"contradiction:{pair}" for pair in contradictions}
    if not used:
        flags.add("no_figure")
    low, best, high = _merge(used)
    groups = origins.independent(claims, {c.claim.id: c.origin for c in used}, known)
    return Figure(
        *of,
        low=low,
        best=best,
        high=high,
        open_above=bool(used) and high is None,
        grade=grade(bool(used), groups, bool(contradictions), around),
        origins=len({count.origin for count in sifted.current}),
        independent_groups=groups,
        single_party=len({c.party for c in used}) == 1 and bool(used[0].party),
        basis=tuple(sorted(count.claim.id for count in used)),
        stale=tuple(sorted(stale)),
        superseded=tuple(sorted(sifted.superseded)),
        unsubstantiated=tuple(sorted(sifted.unsubstantiated)),
        flags=tuple(sorted(flags)),
        rules=_rules(sifted.rules, used, bool(stale), bool(contradictions)),
        as_of=as_of,
    )


def _rules(sifted: set[str], used: Sequence[_Count], stale: bool, contradicted: bool) -> tuple[str, ...]:
    rules = sifted | ({"R0", "R1", "R6", "R7"} if used else {"R11"})
    return tuple(sorted(rules | ({"R8"} if stale else set()) | ({"R7b"} if contradicted else set())))


def _age(claim: KeptClaim) -> tuple[datetime, datetime, int, str]:
    return (claim.stated, claim.seen, claim.version, claim.id)


def _sift(
    claims: Sequence[KeptClaim], came_from: Mapping[str, str], known: Evidence, around: Circumstances
) -> _Sifted:
    """Take out what was retracted, replaced or called unsubstantiated; keep the latest of each origin."""
    out = _Sifted([], set(), set(), set(), set())
    doubted = {one.to for one in known.relations if one.kind is RelationKind.SUBSTANTIATION_OF}
    gone = _retracted(known)
    sources = {source.name: source for source in known.sources}
    publishers = {version.report: version.publisher for version in known.reports}
    by_origin: dict[str, list[_Count]] = {}
    for claim in claims:
        counted = said(claim.claim)
        if {claim.id, claim.report} & gone or claim.claim.polarity is Polarity.RETRACTED:
            out.rules.add("R5")
        elif claim.claim.substantiated is False or claim.id in doubted:
            out.unsubstantiated.add(claim.id)
            out.rules.add("R16")
        elif claim.claim.polarity is Polarity.SUPERSEDED:
            out.superseded.add(claim.id)
            out.rules.add("R4")
        elif counted is not None:
            origin = came_from[claim.id]
            source = _speaker(claim, origin, sources, publishers)
            rank = origins.tier(source, around.harmed, around.areas)
            count = _Count(claim, counted, origin, rank, source.party if source else "")
            by_origin.setdefault(origin, []).append(count)
    corrected = _corrected(known)
    for counts in by_origin.values():
        _latest(counts, corrected, out)
    return out


def _speaker(
    claim: KeptClaim, origin: str, sources: Mapping[str, Source], publishers: Mapping[str, str]
) -> Source | None:
    """Return who says it: the innermost source, or of a text's own account the publisher of the original."""
    if origins.is_own(claim, publishers) and origin in sources:
        return sources[origin]
    return sources.get(claim.chain[0]) if claim.chain else None


def _retracted(known: Evidence) -> set[str]:
    return {one.of for one in known.retractions} | {one.report for one in known.reports if one.retracted}


def _corrected(known: Evidence) -> dict[str, int]:
    """Return of each report the newest version that says that it corrects."""
    found: dict[str, int] = {}
    for version in known.reports:
        if version.correction:
            found[version.report] = max(version.version, found.get(version.report, 0))
    return found


def _latest(counts: Sequence[_Count], corrected: Mapping[str, int], out: _Sifted) -> None:
    """Keep an origin's latest count (R4); corrections replace (R5), silent falls are flagged (R5b).

    Args:
        counts: The counts of one origin, the oldest first.
        corrected: Of each report the version that corrects the ones before.
        out: Gets the count that is kept, and what became of the others.
    """
    standing = [c for c in counts if c.claim.version >= corrected.get(c.claim.report, 0)]
    replaced = {c.claim.id for c in counts} - {c.claim.id for c in standing}
    for place, count in enumerate(standing):
        if count.claim.corrects or count.claim.version == corrected.get(count.claim.report):
            replaced |= {earlier.claim.id for earlier in standing[:place]}
    if replaced:
        out.rules.add("R5")
        out.superseded.update(replaced)
    standing = [c for c in standing if c.claim.id not in replaced]
    if not standing:
        return
    *earlier, last = standing
    out.current.append(last)
    if earlier:
        out.rules.add("R4")
        out.superseded.update(count.claim.id for count in earlier)
        if last.interval.high is not None and last.interval.high < max(c.interval.low for c in earlier):
            out.rules.add("R5b")
            out.flags.add("downward_without_correction")


def _stale(counts: Sequence[_Count]) -> set[str]:
    return {
        old.claim.id
        for old in counts
        for new in counts
        if old.interval.high is None
        and old.interval.low < new.interval.low
        and new.tier <= old.tier
        and new.claim.stated - old.claim.stated >= STALE
    }


def _contradictions(counts: Sequence[_Count]) -> list[str]:
    return [
        "|".join(sorted((one.claim.id, other.claim.id)))
        for one, other in combinations(counts, 2)
        if one.interval.disjoint(other.interval) and abs(one.claim.stated - other.claim.stated) <= TOGETHER
    ]


def _merge(counts: Sequence[_Count]) -> tuple[int | None, int | None, int | None]:
    """Return low, best and high (R7)."""
    if not counts:
        return None, None, None
    exact = [c.interval.low for c in counts if c.tier <= _EXACT_TIERS and c.interval.low == c.interval.high]
    ceiling = max(exact, default=-1)
    highs = [c.interval.high for c in counts]
    unmet = any(c.interval.high is None and c.interval.low > ceiling for c in counts)
    high = None if unmet else max(high for high in highs if high is not None)
    return min(c.interval.low for c in counts), _best(counts), high


def _best(counts: Sequence[_Count]) -> int | None:
    named = [c for c in counts if c.interval.best is not None]
    if not named:
        return None
    top = [c for c in named if c.tier == min(one.tier for one in named)]
    newest = max(c.claim.stated for c in top)
    votes = Counter(c.interval.best for c in top if newest - c.claim.stated <= TOGETHER)
    most = max(votes.values())
    return min(value for value, number in votes.items() if number == most and value is not None)
