"""What is known of other Watchkeepers."""

from watchkeeper.alerts.domain.peers import PeerState
from watchkeeper.alerts.models import Peer


def state_of(row: Peer) -> PeerState:
    """Return what a row says of its peer."""
    return PeerState(row.looked_at, row.good_at, row.bad_since, row.detail, row.is_open)


def peers() -> list[tuple[str, PeerState]]:
    """Return every peer by address with what is known of it."""
    return [(row.url, state_of(row)) for row in Peer.objects.order_by("url")]
