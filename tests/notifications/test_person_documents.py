"""People as documents: applied, planned, exported, pruned."""

import textwrap
from typing import Any

import pytest

from tests.factories import HOST, actor_for, make_user
from watchkeeper.identity import queries as identity
from watchkeeper.kernel import clock
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ForbiddenError, InvalidError
from watchkeeper.manifests import usecases as manifests
from watchkeeper.notifications import usecases
from watchkeeper.notifications.manifests import HANDLERS
from watchkeeper.notifications.models import Contact
from watchkeeper.plumbing import yaml_documents
from watchkeeper.plumbing.hands import KeptInFilesError
from watchkeeper.plumbing.kinds import Action

pytestmark = pytest.mark.django_db
ALICE = (
    "{apiVersion: watchkeeper/v1, kind: Person, metadata: {name: alice}, spec: {email: "
    "a@example.org, timeZone: Europe/Berlin, contacts: [{name: hook, channel: webhook, address: "
    "'http://127.0.0.1:9/', verified: true}], rules: {high: [{contact: hook, after: 0m}], "
    "low: [{contact: hook, after: 0m}]}}}"
)
GROUP = """
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: shop}
spec: {type: team, children: []}
"""
USER = """
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: alice}
spec: {profile: {displayName: Alice}, memberOf: [shop]}
"""


def apply(*texts: str, actor: Actor = HOST, **wish: Any) -> list[tuple[str, str, str]]:
    documents = [
        document
        for text in texts
        for document in yaml_documents.load(textwrap.dedent(text), file="people.yaml")
    ]
    request = manifests.Apply(documents=documents, paths=["people.yaml"], **wish)
    done = manifests.apply(request, actor=actor, now=clock.now())
    return [(change.kind, change.name, change.action.value) for change in done.changes]


def test_a_person_is_made_from_a_document_and_a_second_apply_changes_nothing() -> None:
    assert apply(ALICE) == [("Person", "alice", "create")]

    assert apply(ALICE) == [("Person", "alice", "unchanged")]
    person = identity.person_by_name("alice")
    assert person is not None
    assert (person.email, person.time_zone) == ("a@example.org", "Europe/Berlin")
    contact = Contact.objects.get()
    assert (contact.verified, contact.is_by_admin) == (True, True)
    assert contact.sealed_secret


def test_a_person_and_a_user_of_one_name_are_one() -> None:
    apply(GROUP, USER, ALICE)

    person = identity.person_by_name("alice")
    assert person is not None
    assert (person.display_name, person.email) == ("Alice", "a@example.org")
    assert list(person.teams) == ["shop"]


def test_a_plan_tells_what_would_change_and_changes_nothing() -> None:
    apply(ALICE)

    assert apply(ALICE.replace("after: 0m}], low", "after: 5m}], low"), plan=True) == [
        ("Person", "alice", Action.UPDATE.value)
    ]
    assert apply(ALICE) == [("Person", "alice", "unchanged")]


def test_an_export_is_what_was_applied_without_secrets_and_for_admins_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALICE_SECRET", "hush-hush")
    secret = ALICE.replace("verified: true", "verified: true, secret: '${env:ALICE_SECRET}'")
    apply(secret)
    [wanted] = yaml_documents.load(ALICE)

    people = [d for d in manifests.export(actor=HOST) if d["kind"] == "Person"]

    assert people == [wanted.data]
    bob = actor_for(make_user("bob", role="manager"))
    assert [d for d in manifests.export(actor=bob) if d["kind"] == "Person"] == []


def test_who_is_no_admin_sets_no_contacts_of_others_by_a_document() -> None:
    apply(ALICE)
    bob = actor_for(make_user("bob"))

    with pytest.raises(ForbiddenError):
        apply(ALICE.replace("127.0.0.1", "127.0.0.2"), actor=bob)


def test_pruning_takes_the_contacts_and_leaves_the_account() -> None:
    apply(ALICE)

    assert apply(USER, prune=True) == [
        ("User", "alice", "create"),
        ("Person", "alice", "remove"),
    ]
    assert Contact.objects.count() == 0
    assert identity.person_by_name("alice") is not None


def test_contacts_kept_in_a_file_are_changed_there() -> None:
    apply(ALICE)

    with pytest.raises(KeptInFilesError, match=r"people\.yaml"):
        usecases.remove_paging(actor=HOST, person="alice", now=clock.now())


def test_faults_are_told_with_file_and_line() -> None:
    with pytest.raises(InvalidError) as caught:
        apply(ALICE.replace("channel: webhook", "channel: pigeon"))

    [problem] = caught.value.problems
    assert (problem.file, problem.path) == ("people.yaml", "spec.contacts[0].channel")


def test_a_zone_that_does_not_exist_is_refused_with_its_place() -> None:
    with pytest.raises(InvalidError, match="nothing was applied"):
        apply(ALICE.replace("Europe/Berlin", "Europe/Atlantis"))


def test_notices_stand_in_a_document_and_go_with_it() -> None:
    wanted = ALICE.replace("contacts: [", "notices: {end: true, before: 1h}, contacts: [", 1)
    apply(wanted)

    [document] = HANDLERS[0].export()
    spec: Any = document["spec"]
    assert spec["notices"] == {"end": True, "before": "1h"}
    assert apply(wanted) == [("Person", "alice", "unchanged")]

    assert apply(ALICE) == [("Person", "alice", "update")]
    [document] = HANDLERS[0].export()
    assert "notices" not in str(document)


def test_notices_that_cannot_be_are_named_with_their_place() -> None:
    wrong = ALICE.replace("contacts: [", "notices: {begin: true}, contacts: [", 1)

    with pytest.raises(InvalidError) as error:
        apply(wrong)

    assert [problem.path for problem in error.value.problems] == ["spec.notices.begin"]


def test_quiet_hours_are_kept_by_a_file_and_come_back() -> None:
    quiet = ALICE.replace("rules:", "quietHours: {from: '22:00', to: '07:00'}, rules:")
    apply(quiet)

    assert apply(quiet) == [("Person", "alice", "unchanged")]
    [document] = HANDLERS[0].export()
    spec = document["spec"]
    assert isinstance(spec, dict)
    assert spec["quietHours"] == {"from": "22:00", "to": "07:00"}
    assert apply(ALICE) == [("Person", "alice", "update")]


@pytest.mark.parametrize("hours", ["late", "{from: '22:00'}", "{from: 22, to: '07:00'}"])
def test_quiet_hours_that_cannot_be_are_told_with_their_place(hours: str) -> None:
    with pytest.raises(InvalidError) as caught:
        apply(ALICE.replace("rules:", f"quietHours: {hours}, rules:"))

    assert any("quietHours" in problem.path for problem in caught.value.problems)
