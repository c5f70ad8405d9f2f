"""Documents, people and minutes with dull defaults."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper.identity import queries as identity
from watchkeeper.identity import usecases as people
from watchkeeper.identity.models import User
from watchkeeper.kernel import actors
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.origins import Origin
from watchkeeper.slos import usecases as slos
from watchkeeper.telemetry import queries as telemetry_queries
from watchkeeper.telemetry import usecases as telemetry

HOST = actors.host()
BEGINNING = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
PUSH = {"metricSource": {"type": "push", "spec": {}}}


def slo_document(name: str = "checkout", **spec: Any) -> Document:
    """Return a pushed 99.9 % SLO over 30 days; ``spec`` replaces fields."""
    annotations = spec.pop("annotations", None)
    metadata: dict[str, Any] = {"name": name}
    if annotations is not None:
        metadata["annotations"] = annotations
    whole = {
        "service": "shop",
        "budgetingMethod": "Occurrences",
        "indicator": {
            "metadata": {"name": f"{name}-requests"},
            "spec": {"ratioMetric": {"counter": False, "good": PUSH, "total": PUSH}},
        },
        "timeWindow": [{"duration": "30d", "isRolling": True}],
        "objectives": [{"displayName": "good", "target": 0.999}],
    } | spec
    data = {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": metadata, "spec": whole}
    return Document(data, file="slo.yaml")


def schedule_document(name: str = "primary", **spec: Any) -> dict[str, Any]:
    """Return a schedule in which alice and bob take turns by weeks; ``spec`` replaces fields."""
    rotation = {"unit": "week", "start": "2026-01-05T09:00:00", "members": ["alice", "bob"]}
    whole = {"timeZone": "UTC", "layers": [{"name": "base", "rotation": rotation}]} | spec
    return {
        "apiVersion": "watchkeeper/v1",
        "kind": "Schedule",
        "metadata": {"name": name},
        "spec": whole,
    }


def make_slo(
    document: Document | None = None,
    *,
    now: dt.datetime = BEGINNING,
    origin: Origin = Origin.FILE,
    actor: Actor = HOST,
) -> str:
    """Save an SLO and return its name."""
    wanted = document or slo_document()
    slos.save_slo(actor=actor, document=wanted, origin=origin, now=now)
    return wanted.name


def make_minutes(
    name: str,
    end: dt.datetime,
    *runs: tuple[int, float | None, float | None],
    now: dt.datetime | None = None,
) -> None:
    """Store minutes that end at ``end``: (how many, good each, total each), None for a gap."""
    minute = int(end.timestamp()) // 60 - sum(run[0] for run in runs)
    values = []
    for many, good, total in runs:
        if good is not None and total is not None:
            values += [
                telemetry.MinuteValue(m, round(good * 1000), round(total * 1000))
                for m in range(minute, minute + many)
            ]
        minute += many
    telemetry.store_minutes(
        sli_id=telemetry_queries.resolve(name).id,
        minutes=values,
        origin="test",
        observed_at=now or end,
        now=now or end,
    )


def make_user(name: str, *, role: str = "viewer", teams: Mapping[str, str] | None = None) -> User:
    """Make a person with roles in teams, making the teams too."""
    people.create_person(actor=HOST, name=name, email="", role=role, now=BEGINNING)
    for team, team_role in (teams or {}).items():
        make_team(team)
        members = {m.name: m.role for m in identity.members(team)} | {name: team_role}
        people.set_members(
            actor=HOST, team=team, members=members, origin=Origin.API, now=BEGINNING
        )
    return User.objects.get(name=name)


def make_team(name: str, *, title: str = "") -> int:
    """Make a team, or find it."""
    return people.save_team(
        actor=HOST, name=name, title=title, description="", origin=Origin.API, now=BEGINNING
    )


def actor_for(user: User) -> Actor:
    """Return a person as they act on pages."""
    return identity.actor_of_user(user, via="web")


def names(rows: Iterable[Any]) -> list[str]:
    """Return the names of rows."""
    return [row.name for row in rows]
