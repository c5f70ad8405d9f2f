"""The rooms of a policy as an actor may see them."""

from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.notifications import queries as notifications
from watchkeeper.notifications.queries import RoomRow
from watchkeeper.oncall.domain import policies, rooms
from watchkeeper.oncall.queries.escalations import PolicyRow


def rooms_of(row: PolicyRow, *, actor: Actor) -> list[RoomRow]:
    """Return the rooms of a policy in the order of its steps; addresses for who may change it."""
    return notifications.room_rows(
        rooms.holder_of(row.name),
        policies.frozen(row.document).rooms(),
        in_clear=access.may(actor, Permission.EDIT, team_id=row.owner_id),
    )
