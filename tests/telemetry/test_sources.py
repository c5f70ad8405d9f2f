"""Sources: who may, what is kept where, files and hands."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection

from tests.telemetry.factories import make_sli, make_source, query
from watchkeeper.kernel import actors
from watchkeeper.kernel.actors import Actor, ActorKind, Role
from watchkeeper.kernel.errors import ConflictError, ForbiddenError, InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.kinds import Action, Change
from watchkeeper.telemetry import queries, usecases
from watchkeeper.telemetry.domain import sources

pytestmark = pytest.mark.django_db

URL = "http://prom:909"


def save(
    now: dt.datetime, *, origin: Origin = Origin.UI, take_over: bool = False, **details: Any
) -> Change:
    return usecases.save_source(
        actor=actors.host(),
        definition=sources.define(name="prom", kind="prometheus", details=details),
        origin=origin,
        now=now,
        take_over=take_over,
    )


def config() -> Any:
    row = queries.source_by_name("prom")
    assert row is not None
    return queries.config_of(row.id)


def test_saving_tells_what_changed_without_secrets(now: dt.datetime) -> None:
    made = save(now, url=URL, bearerToken="canary-one")
    same = save(now, url=URL, bearerToken="canary-one")
    changed = save(now, url=URL + "1", bearerToken="canary-two")

    assert [each.action for each in (made, same, changed)] == [
        Action.CREATE,
        Action.UNCHANGED,
        Action.UPDATE,
    ]
    assert [(field.path, field.new) for field in changed.fields] == [
        ("secrets.bearerToken", "(changed)"),
        ("settings.url", URL + "1"),
    ]


def test_no_secret_lies_in_the_database_in_clear(now: dt.datetime) -> None:
    save(now, url=URL, bearerToken="canary", headers={"X-Key": "canary"})

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM telemetry_source")
        assert "canary" not in str(cursor.fetchall())
    assert config().secrets == {"bearerToken": "canary"}
    assert config().settings["headers"] == {"X-Key": "canary"}


def test_a_secret_left_out_stays_and_an_empty_one_goes(now: dt.datetime) -> None:
    save(now, url=URL, bearerToken="canary")
    save(now, url=URL)
    assert config().secrets == {"bearerToken": "canary"}

    save(now, url=URL, bearerToken="")
    assert config().secrets == {}


@pytest.mark.parametrize("url", ["http://other:909", "https://prom:909", "http://prom:910"])
def test_a_stored_secret_never_goes_to_another_server(now: dt.datetime, url: str) -> None:
    save(now, url=URL, bearerToken="canary", headers={"X-Key": "canary"})
    moved = sources.define(name="prom", kind="prometheus", details={"url": url})

    with pytest.raises(InvalidError, match="give bearerToken, headers"):
        save(now, url=url)
    with pytest.raises(InvalidError, match="another server"):
        usecases.try_source(actor=actors.host(), definition=moved)
    save(now, url=URL + "/under/a/path")
    save(now, url=url, bearerToken="another", headers={"X-Key": ""})
    assert config().secrets == {"bearerToken": "another"}


def test_a_reference_is_shown_and_resolved_only_at_use(
    now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(now, url=URL, bearerToken="plain")
    save(now, url=URL, bearerToken="${env:PROM_TOKEN}")
    documents = queries.source_documents()

    assert documents[0]["spec"]["connectionDetails"]["bearerToken"] == "${env:PROM_TOKEN}"
    with pytest.raises(InvalidError, match="PROM_TOKEN"):
        config()
    monkeypatch.setenv("PROM_TOKEN", "canary")
    assert config().secrets == {"bearerToken": "canary"}


def test_a_source_from_a_file_is_changed_there_until_taken_over(now: dt.datetime) -> None:
    save(now, origin=Origin.FILE, url=URL)

    with pytest.raises(ConflictError, match="kept in a file"):
        save(now, url=URL + "1")
    save(now, url=URL + "1", take_over=True)
    with pytest.raises(ConflictError, match="taken over"):
        save(now, origin=Origin.FILE, url=URL)

    row = queries.source_by_name("prom")
    assert row is not None
    assert (row.origin, row.is_taken_over, row.settings["url"]) == ("ui", True, URL + "1")


def test_a_file_may_adopt_a_source_made_by_hand(now: dt.datetime) -> None:
    save(now, url=URL)

    assert save(now, origin=Origin.FILE, url=URL + "1").action is Action.UPDATE


@pytest.mark.parametrize(
    "actor",
    [
        Actor(ActorKind.USER, id=1, role=Role.MANAGER),
        Actor(ActorKind.USER, id=1, role=Role.AUDITOR),
        Actor(ActorKind.TOKEN, id=1, role=Role.EDITOR),
    ],
    ids=["manager", "auditor", "editor's token"],
)
def test_only_an_admin_touches_sources(now: dt.datetime, actor: Actor) -> None:
    make_source(now=now)
    definition = sources.define(name="prom", kind="fake", details={})

    with pytest.raises(ForbiddenError):
        usecases.save_source(actor=actor, definition=definition, origin=Origin.UI, now=now)
    with pytest.raises(ForbiddenError):
        usecases.remove_source(actor=actor, name="prom", now=now)
    with pytest.raises(ForbiddenError):
        usecases.check_source(actor=actor, name="prom", now=now)
    with pytest.raises(ForbiddenError):
        usecases.try_source(actor=actor, definition=definition)


def test_minutes_outlive_their_source(now: dt.datetime) -> None:
    make_source(now=now)
    sli_id, at = make_sli(now=now, spec=query("requests")), int(now.timestamp()) // 60
    usecases.store_minutes(
        sli_id=sli_id,
        minutes=[usecases.MinuteValue(at - 1, 1, 1)],
        origin="test",
        observed_at=now,
        now=now,
    )
    make_sli(now=now)

    usecases.remove_source(actor=actors.host(), name="prom", now=now)

    assert queries.minutes(sli_id, start=at - 1, end=at).covered.all()


def test_an_sli_of_an_unknown_source_is_refused(now: dt.datetime) -> None:
    with pytest.raises(InvalidError, match="no source named prom"):
        make_sli(now=now, spec=query("requests"))


def test_a_source_from_a_file_is_removed_there(now: dt.datetime) -> None:
    save(now, origin=Origin.FILE, url=URL)

    with pytest.raises(ConflictError, match="remove it there"):
        usecases.remove_source(actor=actors.host(), name="prom", now=now)
    usecases.remove_source(actor=actors.host(), name="prom", now=now, origin=Origin.FILE)
    assert queries.source_by_name("prom") is None
