"""Who acts: a plain value that every write takes and the access layer judges.

``identity`` makes actors (from sessions, tokens, the host's command line); slices only hand them
on. An actor carries ids, never names: what is written about it can outlive the person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType


class ActorKind(Enum):
    """What stands behind a request."""

    ANONYMOUS = "anonymous"
    USER = "user"
    TOKEN = "token"  # noqa: S105  a kind, not a secret
    SYSTEM = "system"


class Role(Enum):
    """What a member may do with what the team owns; each includes the ones before it.

    ``ADMIN`` and ``AUDITOR`` hold for the whole organisation; an auditor reads all and changes
    nothing.
    """

    VIEWER = "viewer"
    RESPONDER = "responder"
    EDITOR = "editor"
    MANAGER = "manager"
    ADMIN = "admin"
    AUDITOR = "auditor"


_NO_TEAMS: Mapping[int, Role] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who asks.

    Attributes:
        kind: What stands behind the request.
        id: Row id of the user or token; ``None`` for anonymous and system.
        role: Role over the whole organisation; ``None`` for anonymous.
        team_roles: Role per team id, where it is more than ``role``.
        label: Short words for logs and screens, never stored in the audit log.
        via: The door: ``web``, ``api``, ``cli``, ``engine``.
        request_id: Id of the request, for the audit log; empty outside one.
        address: Network address of the caller; empty where there is none.
        is_confirmed: Whether a person in a browser proved within minutes who they are; ``True``
            for all others, who cannot be asked.
    """

    kind: ActorKind
    id: int | None = None
    role: Role | None = None
    team_roles: Mapping[int, Role] = field(default_factory=lambda: _NO_TEAMS)
    label: str = ""
    via: str = ""
    request_id: str = ""
    address: str = ""
    is_confirmed: bool = True


ANONYMOUS = Actor(kind=ActorKind.ANONYMOUS, label="nobody")


def system(label: str, *, via: str = "engine") -> Actor:
    """Return the product itself, acting by a job; ``label`` names the job."""
    return Actor(kind=ActorKind.SYSTEM, role=Role.ADMIN, label=label, via=via)


def host() -> Actor:
    """Return the person who runs commands on the machine that holds the data."""
    return Actor(kind=ActorKind.SYSTEM, role=Role.ADMIN, label="host", via="cli")
