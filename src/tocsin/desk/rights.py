"""Who may do what at the desk: one function, and it says no unless an entitlement says yes.

An entitlement is a role in some areas, for some threats, in one realm.  The
role decides the verbs; it never adds areas.  Two entitlements do not mix:
the role of one and the area of the other together allow nothing.

==============  =====================================
administrator   read, manage
supervisor      read, raise, end, approve
operator        read, raise, end
feed            read, raise, end
outlet          read
auditor         read
==============  =====================================

*End* is the all clear and the cancellation: whoever may raise may take it
back.  An administrator does not raise: who hands out rights and who uses
them are two entitlements, also where they belong to one person.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from tocsin.areas import Areas
from tocsin.model import AreaId, Realm, Threat


class Role(StrEnum):
    """What somebody is at the desk."""

    ADMINISTRATOR = "administrator"
    SUPERVISOR = "supervisor"
    OPERATOR = "operator"
    FEED = "feed"
    OUTLET = "outlet"
    AUDITOR = "auditor"


class Verb(StrEnum):
    """What somebody wants to do."""

    READ = "read"
    RAISE = "raise"
    END = "end"  # an all clear, or a cancellation
    APPROVE = "approve"
    MANAGE = "manage"  # people, feeds, rules


VERBS: dict[Role, frozenset[Verb]] = {
    Role.ADMINISTRATOR: frozenset({Verb.READ, Verb.MANAGE}),
    Role.SUPERVISOR: frozenset({Verb.READ, Verb.RAISE, Verb.END, Verb.APPROVE}),
    Role.OPERATOR: frozenset({Verb.READ, Verb.RAISE, Verb.END}),
    Role.FEED: frozenset({Verb.READ, Verb.RAISE, Verb.END}),
    Role.OUTLET: frozenset({Verb.READ}),
    Role.AUDITOR: frozenset({Verb.READ}),
}


class Entitlement(Struct, frozen=True):
    """A role, and where it holds.  Each area stands for all that lies in it; "*" for every threat."""

    role: Role
    areas: tuple[AreaId, ...]
    threats: tuple[Threat, ...]
    realm: Realm


def allow(
    held: Iterable[Entitlement], verb: Verb, area: AreaId, threat: Threat, realm: Realm, areas: Areas
) -> bool:
    """Return whether one of the entitlements allows a verb for an area and a threat in a realm.

    An area that the country does not have is allowed to nobody.
    """
    if area not in areas:
        return False
    around = areas.chain(area)
    return any(
        verb in VERBS[one.role]
        and realm is one.realm
        and ("*" in one.threats or threat in one.threats)
        and not set(one.areas).isdisjoint(around)
        for one in held
    )
