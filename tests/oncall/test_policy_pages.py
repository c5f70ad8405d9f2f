"""Pages of escalation policies: whom each step finds now, and what is missing."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.factories import HOST, make_team, make_user
from tests.oncall.test_escalations import make_person
from tests.pages import signed_in
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel import clock
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall import usecases

pytestmark = pytest.mark.django_db


def make_policy(name: str, **spec: Any) -> None:
    document = Document(
        {
            "apiVersion": "watchkeeper/v1",
            "kind": "EscalationPolicy",
            "metadata": {"name": name},
            "spec": spec,
        }
    )
    usecases.save_policy(actor=HOST, document=document, origin=Origin.API, now=clock.now())


@pytest.fixture
def door(db: None) -> Client:
    """Alice can be paged, bob cannot; carol is the team."""
    del db
    identity.create_token(actor=HOST, name="set-up-done", role="viewer", now=clock.now())
    make_team("shop")
    make_person("alice", "hook", "spare")
    make_user("bob")
    make_user("carol", teams={"shop": ""})
    return signed_in("viewer")


def read(door: Client, path: str) -> str:
    answer = door.get(path)
    assert answer.status_code == 200, answer.content
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_policy_tells_whom_each_step_would_find_now_and_when(door: Client) -> None:
    steps = [
        {"notify": [{"person": "bob"}]},
        {"after": "5m", "notify": [{"person": "alice"}, {"team": "shop"}]},
    ]
    make_policy("shop", steps=steps, repeat=2, repeatAfter="10m", catchAll={"person": "alice"})

    page = read(door, "/on-call/-/policies/shop")

    assert "Step 1 at once bob person Nobody now the next step is due at once" in page
    assert "bob has no verified contact that can be called" in page
    assert re.search(r"Step 2 after 5.min alice person , shop team Now: alice", page)
    assert re.search(r"2 times more, each 10.min after the last step", page)
    assert re.search(r"Catch-all after 45.min alice person Now: alice", page)
    assert re.search(r"at once alice hook webhook Goes out", page)  # an empty step costs no time
    assert "kind: EscalationPolicy" in page
    assert "bob has no verified contact by a channel that works here" in page.lower()


def test_the_list_says_which_policies_find_nobody(door: Client) -> None:
    make_policy("good", steps=[{"notify": [{"person": "alice"}]}])
    make_policy("bad", steps=[{"notify": [{"person": "bob"}]}])

    page = read(door, "/on-call/-/policies")

    assert "No step of 1 policy finds anybody now" in page
    assert re.search(r"bad Nobody 1 1 here", page)
    assert re.search(r"good alice 1 1 here", page)


def test_without_policies_the_page_teaches(door: Client) -> None:
    assert "without one all admins are paged" in read(door, "/on-call/-/policies")
    assert door.get("/on-call/-/policies/none").status_code == 404


def test_findings_are_only_those_of_the_policy(door: Client) -> None:
    make_policy("good", steps=[{"notify": [{"person": "alice"}]}])
    make_policy("bad", steps=[{"notify": [{"person": "bob"}]}])

    assert "At each minute a step finds somebody" in read(door, "/on-call/-/policies/good")
    assert "At each minute" not in read(door, "/on-call/-/policies/bad")


def test_the_list_asks_a_fixed_number_of_questions(
    door: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(10):
        make_policy(f"p{number}", steps=[{"notify": [{"person": "alice"}, {"team": "shop"}]}])

    with django_assert_max_num_queries(20):
        door.get("/on-call/-/policies")
