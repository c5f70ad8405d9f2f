"""Alerts as what oncall pages for; wired in ``WATCHKEEPER_SUBJECTS``."""

import datetime as dt
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from watchkeeper.alerts.domain.events import Severity
from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.queries import groups
from watchkeeper.alerts.usecases import acts
from watchkeeper.catalog import queries as catalog
from watchkeeper.kernel.actors import Actor
from watchkeeper.oncall.ports import Described, Shown
from watchkeeper.plumbing import served_address


class AlertSubject:
    """See ``oncall.ports.PagedSubject``."""

    def describe(self, ids: Sequence[str]) -> Mapping[str, Described]:
        """See ``oncall.ports.PagedSubject``."""
        base = served_address.base()
        rows = queries.rows_of(ids)
        rest = groups.open_in([int(each) for each in rows])
        return {
            row.id: Described(
                id=row.id,
                key=row.key,
                title=row.title,
                service=row.service,
                url=f"{base}/alerts/{row.id}",
                is_open=row.is_open or int(row.id) in rest,
                severity=row.severity,
                rank=Severity(row.severity).rank,
            )
            for row in rows.values()
        }

    def show(self, id: str) -> Shown | None:
        """See ``oncall.ports.PagedSubject``."""
        row = queries.rows_of([id]).get(id)
        if row is None:
            return None
        service = catalog.service_by_name(row.service) if row.service else None
        look, words = queries.look_of(row)
        by = queries.name_of(row.acknowledged_by)
        rest = groups.open_in([int(row.id)]).get(int(row.id), [])
        is_open = row.is_open or bool(rest)
        is_taken = row.state == AlertState.ACKNOWLEDGED.value
        if rest:
            is_taken = all(state == AlertState.ACKNOWLEDGED.value for state in rest)
        words = f"{words} by {by}" if by and row.is_open else words
        if len(rest) > 1 or (rest and not row.is_open):
            words = _("{words}; {count} of its group are open").format(
                words=words, count=len(rest)
            )
        return Shown(
            title=row.title,
            service=row.service,
            url=f"{served_address.base()}/alerts/{row.id}",
            is_open=is_open,
            is_taken=is_taken,
            look=look,
            words=words,
            description=row.description,
            severity=row.severity,
            since=row.started_at or row.opened_at,
            runbook_url=row.runbook_url or (service.runbook_url if service is not None else ""),
        )

    def acknowledge(self, id: str, *, actor: Actor, now: dt.datetime) -> None:
        """See ``oncall.ports.PagedSubject``."""
        acts.acknowledge(actor=actor, alerts=[id], now=now)

    def resolve(self, id: str, *, actor: Actor, now: dt.datetime) -> None:
        """See ``oncall.ports.PagedSubject``."""
        acts.resolve(actor=actor, alerts=[id], now=now, whole_groups=True)
