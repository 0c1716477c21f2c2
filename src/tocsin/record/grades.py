"""How well a figure is founded (rule R15), and who is held responsible (R14)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from tocsin.record.kept import Circumstances, Grade, KeptClaim

_INDEPENDENT = 2  # groups that say it apart from each other


class Responsibility(StrEnum):
    """How far it is agreed who did it."""

    CONFIRMED = "confirmed"
    ALLEGED = "alleged"
    CONTESTED = "contested"
    UNKNOWN = "unknown"


def grade(any_claim: bool, groups: int, contradicted: bool, around: Circumstances) -> Grade:
    """Return a figure's grade.

    Args:
        any_claim: Whether any claim may be used.
        groups: How many independent groups say it (R3).
        contradicted: Whether two of the claims contradict each other (R7b).
        around: What is known of the incident beside its claims.
    """
    if not any_claim:
        return Grade.NOT_GRADED
    if around.discounted:
        return Grade.DISCOUNTED
    if contradicted:
        return Grade.CONTESTED
    if around.accepted:
        return Grade.CONFIRMED
    return Grade.FAIR if groups >= _INDEPENDENT and around.corroborated else Grade.WEAK


def responsibility(claims: Iterable[KeptClaim], around: Circumstances) -> Responsibility:
    """Return how far the claims of one incident agree on who did it (R14).  Numbers are not touched by it."""
    named = {claim.perpetrator.casefold() for claim in claims if claim.perpetrator}
    if len(named) > 1:
        return Responsibility.CONTESTED
    if not named:
        return Responsibility.UNKNOWN
    return Responsibility.CONFIRMED if around.accepted else Responsibility.ALLEGED
