"""Escalation policies as documents."""

from typing import Any

import pytest

from watchkeeper.kernel.documents import Document
from watchkeeper.oncall.domain import policies
from watchkeeper.oncall.domain.policies import Policy, Step, Target
from watchkeeper.plumbing import yaml_documents

SHOP = (
    "{apiVersion: watchkeeper/v1, kind: EscalationPolicy, metadata: {name: shop}, spec: "
    "{repeat: 2, steps: [{notify: [{schedule: shop-primary}]}, {after: 5m, notify: "
    "[{person: bob}, {team: shop}]}], catchAll: {team: shop}}}"
)


def document(**spec: Any) -> Document:
    steps = [{"notify": [{"person": "bob"}]}]
    head = {"apiVersion": "watchkeeper/v1", "kind": "EscalationPolicy", "metadata": {"name": "a"}}
    return Document(head | {"spec": {"steps": steps} | spec})


def test_a_policy_is_read_as_it_is_written() -> None:
    [found] = yaml_documents.load(SHOP)

    assert list(policies.problems(found)) == []
    read = policies.read(found.data)
    assert read.steps[0] == Step(read.steps[0].after * 0, (Target("schedule", "shop-primary"),))
    assert read.steps[1].after.total_seconds() == 300
    assert read.steps[1].notify == (Target("person", "bob"), Target("team", "shop"))
    assert (read.repeat, read.repeat_after.total_seconds()) == (2, 300)
    assert read.catch_all == (Target("team", "shop"),)


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"steps": []}, "spec.steps"),
        ({"steps": {}}, "spec.steps"),
        ({"steps": ["bob"]}, "spec.steps[0]"),
        ({"steps": [{"notify": []}]}, "spec.steps[0].notify"),
        ({"steps": [{"notify": [{"person": "bob", "team": "x"}]}]}, "spec.steps[0].notify[0]"),
        ({"steps": [{"notify": [{"group": "x"}]}]}, "spec.steps[0].notify[0]"),
        ({"steps": [{"notify": [{"person": 5}]}]}, "spec.steps[0].notify[0].person"),
        (
            {"steps": [{"after": "5 minutes", "notify": [{"person": "bob"}]}]},
            "spec.steps[0].after",
        ),
        (
            {"steps": [{"notify": [{"person": "bob"}], "roundRobin": "yes"}]},
            "spec.steps[0].roundRobin",
        ),
        ({"steps": [{"notify": [{"person": "bob"}], "when": "high"}]}, "spec.steps[0].when"),
        (
            {"steps": [{"notify": [{"person": "bob"}], "when": {"urgency": "all"}}]},
            "spec.steps[0].when.urgency",
        ),
        (
            {"steps": [{"notify": [{"person": "bob"}], "when": {"localTime": {"from": "8"}}}]},
            "spec.steps[0].when.localTime.from",
        ),
        (
            {"steps": [{"notify": [{"person": "bob"}], "when": {"urgency": "low", "x": 1}}]},
            "spec.steps[0].when.x",
        ),
        ({"repeat": -1}, "spec.repeat"),
        ({"repeat": True}, "spec.repeat"),
        ({"repeat": 101}, "spec.repeat"),
        ({"repeatAfter": "30d"}, "spec.repeatAfter"),
        ({"catchAll": {"pigeon": "x"}}, "spec.catchAll[0]"),
        ({"catchAll": "shop"}, "spec.catchAll[0]"),
        ({"rounds": 3}, "spec.rounds"),
        ({"owner": 5}, "spec.owner"),
        ({"ackTimeout": "8d"}, "spec.ackTimeout"),
        ({"ackTimeout": 30}, "spec.ackTimeout"),
    ],
)
def test_what_a_policy_may_not_say(spec: dict[str, Any], path: str) -> None:
    assert path in [problem.path for problem in policies.problems(document(**spec))]


def test_a_frozen_policy_that_cannot_be_read_has_no_steps() -> None:
    assert policies.frozen({}) == Policy()
    assert policies.frozen({"spec": {"steps": "?"}, "metadata": None}) == Policy()


@pytest.mark.parametrize(("written", "minutes"), [({}, 0), ("0m", 0), ("30m", 30)], ids=str)
def test_who_takes_something_has_the_time_that_is_written(written: Any, minutes: int) -> None:
    spec = {"ackTimeout": written} if written else {}

    assert policies.read(document(**spec).data).ack_timeout.total_seconds() == minutes * 60


def test_a_policy_of_one_step_keeps_what_is_behind_it() -> None:
    [found] = yaml_documents.load(SHOP)

    made = policies.read(policies.in_one_step([Target("person", "bob")], found.data))
    bare = policies.read(policies.in_one_step([Target("person", "bob")], {}))

    assert [step.notify for step in made.steps] == [(Target("person", "bob"),)]
    assert (made.repeat, made.catch_all) == (0, (Target("team", "shop"),))
    assert bare.catch_all == ()
