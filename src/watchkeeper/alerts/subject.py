"""Alerts as what oncall pages for; wired in ``WATCHKEEPER_SUBJECTS``."""

import datetime as dt
from collections.abc import Mapping, Sequence

from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.usecases import acts
from watchkeeper.kernel.actors import Actor
from watchkeeper.oncall.ports import Described
from watchkeeper.plumbing import served_address


class AlertSubject:
    """See ``oncall.ports.PagedSubject``."""

    def describe(self, ids: Sequence[str]) -> Mapping[str, Described]:
        """See ``oncall.ports.PagedSubject``."""
        base = served_address.base()
        return {
            row.id: Described(
                id=row.id,
                key=row.key,
                title=row.title,
                service=row.service,
                url=f"{base}/alerts/{row.id}",
                is_open=row.is_open,
            )
            for row in queries.rows_of(ids).values()
        }

    def acknowledge(self, id: str, *, actor: Actor, now: dt.datetime) -> None:
        """See ``oncall.ports.PagedSubject``."""
        acts.acknowledge(actor=actor, alerts=[id], now=now)

    def resolve(self, id: str, *, actor: Actor, now: dt.datetime) -> None:
        """See ``oncall.ports.PagedSubject``."""
        acts.resolve(actor=actor, alerts=[id], now=now)
