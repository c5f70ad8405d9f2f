"""Every write that a person asks for leaves its entry in the audit log, in one transaction."""

import datetime as dt
from typing import Any

import pytest
from django.apps import apps

from tests.telemetry.factories import make_sli
from watchkeeper.kernel import actors
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.telemetry import usecases
from watchkeeper.telemetry.domain import sources

pytestmark = pytest.mark.django_db

ROW = {"time": "2026-03-02T11:00:00Z", "good": 1, "total": 2}


def entries() -> list[tuple[str, dict[str, Any]]]:
    found = apps.get_model("audit", "AuditEntry").objects.order_by("number")
    return list(found.values_list("action", "detail"))


def test_what_is_done_to_slis_is_logged(now: dt.datetime) -> None:
    sli_id = make_sli(now=now)
    make_sli(now=now)
    usecases.push_minutes(actor=actors.host(), name="checkout", rows=[ROW], now=now)
    usecases.remove_sli(actor=actors.host(), sli_id=sli_id, now=now)

    assert [action for action, _ in entries()] == ["sli.defined", "minutes.pushed", "sli.removed"]
    assert entries()[1][1] == {"door": "push", "accepted": 1, "changed": 0}


def test_a_refused_push_leaves_no_entry(now: dt.datetime) -> None:
    make_sli(now=now)
    with pytest.raises(InvalidError):
        usecases.push_minutes(actor=actors.host(), name="checkout", rows=[{}], now=now)

    assert len(entries()) == 1


def test_what_is_done_to_sources_is_logged_without_secrets(now: dt.datetime) -> None:
    for token in ("canary-one", "canary-two"):
        usecases.save_source(
            actor=actors.host(),
            definition=sources.define(
                name="prom",
                kind="prometheus",
                details={"url": "http://prom", "bearerToken": token},
            ),
            origin=Origin.UI,
            now=now,
        )
    usecases.remove_source(actor=actors.host(), name="prom", now=now)

    assert [action for action, _ in entries()] == [
        "source.saved",
        "source.saved",
        "source.removed",
    ]
    assert entries()[1][1]["fields"] == ["secrets.bearerToken"]
    assert "canary" not in str(entries())
