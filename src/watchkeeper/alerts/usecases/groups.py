"""Alerts that are paged for as one: which alert leads them, who joins, when their paging ends.

The first alert of a group leads it, and its escalation serves all of them. Locks are taken in one
order everywhere: alerts, then groups, then what oncall holds.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

from watchkeeper.alerts.domain import grouping
from watchkeeper.alerts.domain.events import Severity
from watchkeeper.alerts.domain.grouping import Group, Joining, Standing
from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.models import Alert, AlertGroup
from watchkeeper.alerts.usecases.holding import Held
from watchkeeper.oncall.queries.escalations import Subject
from watchkeeper.oncall.usecases import escalations
from watchkeeper.plumbing import writing

_ALERTS = Alert._meta.db_table
_GROUPS = AlertGroup._meta.db_table
_STANDING = (
    f"SELECT pool.id, pool.digest, pool.lead_id, pool.joined_at, pool.closed_at, EXISTS(SELECT 1 "  # noqa: S608  fixed texts
    f"FROM {_ALERTS} one WHERE one.led_by_id = pool.lead_id AND NOT (one.state = 'resolved')), "
    f"EXISTS(SELECT 1 FROM {_ALERTS} one WHERE one.led_by_id = pool.lead_id "
    f"AND one.state = 'firing' AND one.muted_until IS NULL) FROM {_GROUPS} pool "
)


@dataclass(slots=True)
class Pool:
    """A group in hand.

    Attributes:
        id: Of its row; ``None`` until it is stored.
        group: What its alerts share; ``None``: nothing joins it here.
        lead: The alert that leads it: its id, or itself while it is not stored.
        standing: Where it stands.
        is_changed: Whether an alert joined.
    """

    id: int | None
    group: Group | None
    lead: int | Held
    standing: Standing
    is_changed: bool = False

    @property
    def words(self) -> str:
        """What it is called in a reason."""
        lead = self.lead if isinstance(self.lead, int) else self.lead.id
        name = "the first alert of this post" if lead is None else f"alert {lead}"
        return f"the group of {name}" + (f" ({self.group.words})" if self.group else "")


class Gathered:
    """The groups that one transaction's alerts may join, held against others on PostgreSQL."""

    def __init__(self) -> None:
        self._pools: dict[str, Pool] = {}
        self._outgrown: list[int] = []

    def read(self, digests: Collection[str], leads: Collection[int]) -> None:
        """Read open groups by digest, and take hold of those that alerts lead."""
        found = _locked(digests, leads)
        for pk, digest, lead, joined, closed, is_open, is_paged in found:
            if closed is None and digest in digests:
                at = writing.moment(joined)
                if at is not None:
                    standing = Standing(at, bool(is_open), bool(is_paged))
                    self._pools[digest] = Pool(pk, None, lead, standing)

    def join(self, held: Held, group: Group, *, now: dt.datetime) -> tuple[Joining, str]:
        """Let an alert join the open group of its values, or lead a new one.

        Returns:
            Whether it joins, and why, in a sentence; empty for one that leads.
        """
        pool = self._pools.get(group.digest)
        found = grouping.joining(pool.standing if pool else None, group.length, now=now)
        if pool is None or not found.joins:
            if pool is not None and pool.id is not None:
                self._outgrown.append(pool.id)
            held.lead = held
            standing = Standing(now)
            self._pools[group.digest] = Pool(None, group, held, standing, is_changed=True)
            return found, ""
        pool.group, pool.is_changed, held.lead = group, True, pool.lead
        pool.standing = Standing(now)
        return found, f"it joins {pool.words}, which {found.reason}"

    def write(self, new: Sequence[Held]) -> None:
        """Write groups, and which alert leads those that were stored before their lead was."""
        if not self._pools:
            return
        AlertGroup.objects.filter(pk__in=self._outgrown).update(closed_at=_now_of(self._pools))
        led: dict[int, list[int]] = {}
        for held in new:
            if isinstance(held.lead, Held) and held.lead.id is not None and held.id is not None:
                led.setdefault(held.lead.id, []).append(held.id)
        for lead, ids in led.items():
            Alert.objects.filter(pk__in=ids).update(led_by_id=lead)
        _store(self._pools.values())


def _store(pools: Iterable[Pool]) -> None:
    made, joined = [], []
    for pool in pools:
        if not pool.is_changed or pool.group is None:
            continue
        if pool.id is not None:
            joined.append([pool.standing.joined_at, pool.id])
            continue
        made.append(
            {
                "digest": pool.group.digest,
                "route": pool.group.route,
                "values": dict(pool.group.values),
                "lead_id": pool.lead if isinstance(pool.lead, int) else pool.lead.id,
                "joined_at": pool.standing.joined_at,
                "closed_at": None,
            }
        )
    writing.execute_many(f"UPDATE {_GROUPS} SET joined_at = %s WHERE id = %s", joined)  # noqa: S608  fixed texts
    writing.insert(AlertGroup, sorted(made, key=lambda row: str(row["digest"])))


def _now_of(pools: dict[str, Pool]) -> dt.datetime:
    return max(pool.standing.joined_at for pool in pools.values())


def _locked(
    digests: Collection[str], leads: Collection[int]
) -> list[tuple[int, str, int, object, object, object, object]]:
    """Return groups by digest or lead with where they stand, in the order of their ids."""
    wanted = [
        f"{condition} IN ({_marks(values)})"
        for condition, values in (("closed_at IS NULL AND digest", digests), ("lead_id", leads))
        if values
    ]
    if not wanted:
        return []
    lock = " FOR NO KEY UPDATE" if connection.vendor == "postgresql" else ""
    sql = f"SELECT id FROM {_GROUPS} WHERE {' OR '.join(wanted)} ORDER BY id{lock}"  # noqa: S608  fixed texts
    ids = [pk for (pk,) in writing.select(sql, [*digests, *leads])]
    if not ids:
        return []
    # Asked once more with the locks in hand: whoever held them before has committed by now.
    rows = writing.select(f"{_STANDING}WHERE pool.id IN ({_marks(ids)}) ORDER BY pool.id", ids)
    return [(pk, digest, lead, at, over, *both) for pk, digest, lead, at, over, *both in rows]


def _marks(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))


def stop(ended: Sequence[tuple[int, int | None]], *, reason: str, now: dt.datetime) -> None:
    """End paging for alerts that were taken or ended, in the caller's transaction.

    The paging of a group goes on while one of it fires and is kept quiet by nothing; once all of
    it is over nothing joins it any more.

    Args:
        ended: (id, id of the alert that leads it; ``None``: it is in no group) of each.
        reason: Why, for people.
        now: The present.
    """
    subjects = [Subject("alert", str(pk)) for pk, lead in ended if lead is None]
    leads = {lead for _, lead in ended if lead is not None}
    over = []
    for pk, _, lead, _, _, is_open, is_paged in _locked((), leads) if leads else ():
        if not is_paged:
            subjects.append(Subject("alert", str(lead)))
        if not is_open:
            over.append(pk)
    AlertGroup.objects.filter(pk__in=over, closed_at=None).update(closed_at=now)
    if subjects:
        escalations.stop(subjects, reason=reason, now=now)


def join_stored(rows: Sequence[tuple[Alert, Group]], *, now: dt.datetime) -> dict[int, str]:
    """Let alerts that were kept quiet until now join groups, in the caller's transaction.

    Args:
        rows: Alerts that fire and are in no group, with what they are grouped by; their
            ``led_by_id`` is set.
        now: The present.

    Returns:
        Why, by id, for those that join one.
    """
    if not rows:
        return {}
    gathered = Gathered()
    gathered.read({group.digest for _, group in rows}, ())
    told, hands = {}, []
    for row, group in rows:
        held = Held(row.pk, AlertState.FIRING, Severity(row.severity), "", None)
        _, reason = gathered.join(held, group, now=now)
        hands.append(held)
        row.led_by_id = held.lead_id or row.pk
        if reason:
            told[row.pk] = reason
    for row, _ in rows:
        Alert.objects.filter(pk=row.pk).update(led_by_id=row.led_by_id)
    gathered.write(())
    return told


def members(alerts: Collection[int]) -> list[int]:
    """Return the ids of open alerts that are in a group with one of these."""
    found = Alert.objects.filter(pk__in=alerts, led_by__isnull=False)
    leads = set(found.values_list("led_by", flat=True))
    if not leads:
        return []
    others = Alert.objects.filter(led_by__in=leads).exclude(state=AlertState.RESOLVED.value)
    return list(others.values_list("pk", flat=True))


def hold(leads: Collection[int]) -> None:
    """Let nobody join the groups of these before the transaction ends."""
    found = AlertGroup.objects.filter(lead_id__in=leads).order_by("pk")
    list(found.select_for_update(no_key=True).values_list("pk", flat=True))
