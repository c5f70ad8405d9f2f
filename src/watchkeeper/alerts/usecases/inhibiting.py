"""Which alerts are quiet because a larger one is open, and what becomes of them when it ends.

A source has marks, so that the sources of a target are found by what they share. An event that is
decided while its source ends elsewhere may miss that; so every alert that is kept quiet is looked
at again: soon after it opened, then now and then.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from watchkeeper.alerts.domain import inhibition
from watchkeeper.alerts.domain.inhibition import INHIBITION, Inhibition, Mark
from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.domain.matching import Fields
from watchkeeper.alerts.domain.routing import Quiet
from watchkeeper.alerts.models import Alert, InhibitionMark
from watchkeeper.alerts.queries import previews
from watchkeeper.alerts.usecases.holding import Held, Slot
from watchkeeper.catalog import queries as catalog
from watchkeeper.catalog.queries import ServiceNote
from watchkeeper.plumbing import writing

SOON = dt.timedelta(seconds=5)
LATER = dt.timedelta(minutes=10)
_ALERTS = Alert._meta.db_table
_MARKS = InhibitionMark._meta.db_table
_CHUNK = 500


class Sources:
    """The open alerts that keep others quiet, for the targets of one transaction."""

    def __init__(self, rules: Sequence[Inhibition], *, now: dt.datetime) -> None:
        self._rules = rules
        self._now = now
        self._stored: dict[str, list[tuple[Mark, int, str]]] = {}
        self._coming: dict[str, list[tuple[Mark, Slot]]] = {}
        self._marked: list[tuple[Held, Mark]] = []
        self._quieted: list[tuple[Held, Slot]] = []

    def read(self, fields: Iterable[Fields]) -> None:
        """Read the open sources of alerts that look like these."""
        if not self._rules:
            return
        digests = sorted({m.digest for f in fields for m in inhibition.targets(self._rules, f)})
        for start in range(0, len(digests), _CHUNK):
            part = digests[start : start + _CHUNK]
            marks = ", ".join(["%s"] * len(part))
            sql = (
                f"SELECT mark.name, mark.digest, mark.is_both, MIN(source.id), MIN(source.title) "  # noqa: S608  fixed texts
                f"FROM {_MARKS} mark JOIN {_ALERTS} source ON source.id = mark.alert_id "
                f"WHERE NOT (source.state = 'resolved') AND mark.digest IN ({marks}) "
                "GROUP BY mark.name, mark.digest, mark.is_both ORDER BY MIN(source.id)"
            )
            for name, digest, is_both, pk, title in writing.select(sql, part):
                mark = Mark(name, digest, bool(is_both))
                self._stored.setdefault(digest, []).append((mark, pk, title))

    def expect(self, slot: Slot, fields: Fields) -> None:
        """Take into account what opens by an event of the same transaction, before or after."""
        for mark in inhibition.sources(self._rules, fields):
            self._coming.setdefault(mark.digest, []).append((mark, slot))

    def mark(self, held: Held, fields: Fields) -> None:
        """Remember that an alert in hand is a source, to be written."""
        self._marked += [(held, mark) for mark in inhibition.sources(self._rules, fields)]

    def quiet(self, fields: Fields, *, held: Held | None = None) -> Quiet | None:
        """Return what keeps an alert quiet; ``None``: no source of it is open.

        Args:
            fields: What matchers see of it.
            held: It, where it comes just now; ``None``: it is stored.
        """
        until = self._now + (LATER if held is None else SOON)
        for target in inhibition.targets(self._rules, fields):
            for mark, pk, title in self._stored.get(target.digest, ()):
                if mark.meets(target):
                    what = f"alert {pk} ({title[:200]})"
                    return Quiet(INHIBITION, target.name, until, source=pk, what=what)
            for mark, slot in self._coming.get(target.digest, ()):
                if mark.meets(target) and held is not None:
                    self._quieted.append((held, slot))
                    what = "an alert of the same post"
                    return Quiet(INHIBITION, target.name, until, what=what)
        return None

    def write(self) -> None:
        """Write which alerts are sources, and of whom."""
        rows = [
            {"alert_id": h.id, "name": m.name, "digest": m.digest, "is_both": m.is_both}
            for h, m in self._marked
            if h.id is not None and h.state is not AlertState.RESOLVED
        ]
        writing.insert(InhibitionMark, rows, if_absent=True)
        for held, slot in self._quieted:
            if slot.open is not None and slot.open.id is not None:
                Alert.objects.filter(pk=held.id or 0).update(inhibited_by_id=slot.open.id)


def ended(alerts: Collection[int], *, now: dt.datetime) -> None:
    """Let what alerts kept quiet be judged anew, in the transaction in which they end.

    Args:
        alerts: Ids of alerts that are over.
        now: The present.
    """
    if not alerts:
        return
    InhibitionMark.objects.filter(alert_id__in=alerts).delete()
    Alert.objects.filter(inhibited_by__in=alerts, muted_until__gt=now).update(muted_until=now)


def forget(rule: str) -> None:
    """Let no alert be a source of a rule any more."""
    InhibitionMark.objects.filter(name=rule).delete()


def mark_again(rule: Inhibition) -> None:
    """Find the sources of a new or changed rule among all alerts that are open."""
    forget(rule.name)
    last = 0
    while True:
        found = Alert.objects.exclude(state=AlertState.RESOLVED.value).filter(pk__gt=last)
        rows = list(found.select_related("integration").order_by("pk")[:_CHUNK])
        if not rows:
            return
        last = rows[-1].pk
        notes = catalog.service_notes({row.service_name for row in rows} - {""}, annotation="")
        InhibitionMark.objects.bulk_create(
            InhibitionMark(alert=row, name=each.name, digest=each.digest, is_both=each.is_both)
            for row in rows
            for each in inhibition.sources([rule], _fields(row, notes))
        )


def _fields(row: Alert, notes: dict[str, ServiceNote]) -> Fields:
    return previews.fields_of(row, notes.get(row.service_name, ServiceNote()).owner)
