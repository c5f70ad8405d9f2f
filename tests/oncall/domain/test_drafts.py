"""Policies as they are filled in: nothing of a document is lost on the way there and back."""

from typing import Any

import pytest

from watchkeeper.oncall.domain import drafts, policies
from watchkeeper.oncall.domain.drafts import PolicyDraft, RoomDraft, StepDraft

FULL = {
    "apiVersion": "watchkeeper/v1",
    "kind": "EscalationPolicy",
    "metadata": {"name": "shop", "labels": {"tier": "1"}},
    "spec": {
        "owner": "shop-team",
        "steps": [
            {"notify": [{"schedule": "primary"}, {"person": "bob"}], "roundRobin": True},
            {
                "after": "10m",
                "notify": [{"team": "shop-team"}],
                "when": {"urgency": "high", "localTime": {"from": "08:00", "to": "20:00"}},
            },
        ],
        "repeat": 2,
        "repeatAfter": "10m",
        "catchAll": {"person": "carol"},
        "ackTimeout": "30m",
    },
}
STRANGE = {
    "apiVersion": "watchkeeper/v1",
    "kind": "EscalationPolicy",
    "metadata": {"name": "shop"},
    "spec": {
        "colour": "red",
        "steps": [
            {"notify": [{"webhook": "hook"}, {"person": "bob"}], "sound": "loud"},
            {"notify": [{"chat": {"room": "ops"}}], "when": {"moon": "full"}},
        ],
        "catchAll": [{"webhook": "last"}],
    },
}
LEAST = {"metadata": {"name": "shop"}, "spec": {"steps": [{"notify": [{"person": "bob"}]}]}}


@pytest.mark.parametrize("document", [FULL, STRANGE, LEAST], ids=["full", "strange", "least"])
def test_a_document_comes_back_as_it_was(document: dict[str, Any]) -> None:
    found = drafts.document_of(drafts.draft_of(document), document)

    assert found == {"apiVersion": "watchkeeper/v1", "kind": "EscalationPolicy"} | document


def test_what_a_draft_does_not_know_moves_with_its_step_and_target() -> None:
    draft = drafts.done(drafts.draft_of(STRANGE), "up:1")
    draft = drafts.done(draft, "remove-to:1:1")

    steps = drafts.document_of(draft, STRANGE)["spec"]["steps"]

    assert steps == [
        {"notify": [{"chat": {"room": "ops"}}], "when": {"moon": "full"}},
        {"notify": [{"webhook": "hook"}], "sound": "loud"},
    ]


def test_what_is_emptied_goes() -> None:
    step = StepDraft(notify=("person:bob", ""), kept=FULL["spec"]["steps"][1])  # type: ignore[index]
    draft = PolicyDraft(name="shop", steps=(step,))

    spec = drafts.document_of(draft, FULL)["spec"]

    assert spec == {"steps": [{"notify": [{"person": "bob"}]}]}


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("repeat", "twice", "spec.repeat"),
        ("repeat", "-1", "spec.repeat"),
        ("repeat", "9" * 5_000, "spec.repeat"),
        ("repeat_after", "soon", "spec.repeatAfter"),
        ("ack_timeout", "8d", "spec.ackTimeout"),
        ("catch_all", ("whom",), "spec.catchAll[0]"),
        ("catch_all", ("person:",), "spec.catchAll[0].person"),
        ("catch_all", ("[" * 100_000,), "spec.catchAll[0]"),
        ("steps", (), "spec.steps"),
        ("steps", (StepDraft(),), "spec.steps[0].notify"),
        ("steps", (StepDraft(after="x", notify=("team:a",)),), "spec.steps[0].after"),
        (
            "steps",
            (StepDraft(notify=("team:a",), start="8"),),
            "spec.steps[0].when.localTime.from",
        ),
        ("steps", (StepDraft(notify=("team:a",), urgency="no"),), "spec.steps[0].when.urgency"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(field: str, value: Any, path: str) -> None:
    step = StepDraft(notify=("person:bob",))
    draft = PolicyDraft(**{"name": "shop", "steps": (step,), field: value})

    found = list(policies.faults(drafts.document_of(draft, {})))

    assert [problem.path for problem in found][:1] == [path]


@pytest.mark.parametrize(
    "act",
    ["", "jump", "up", "up:", "up:9", "up:-1", "up:x", "up:0", "down:1", "remove-step:7",
     "remove-to:0", "remove-to:0:9", "remove-to:all:5", "add-to:9", "add-to:\u0661",
     "up:" + "1" * 99],
)  # fmt: skip
def test_a_button_that_there_is_not_changes_nothing(act: str) -> None:
    draft = drafts.draft_of(FULL)

    assert drafts.done(draft, act) == draft


def test_buttons_add_move_and_remove() -> None:
    draft = drafts.draft_of(FULL)

    assert [step.after for step in drafts.done(draft, "add-step").steps] == ["", "10m", "5m"]
    assert [step.after for step in drafts.done(draft, "down:0").steps] == ["10m", ""]
    assert [step.after for step in drafts.done(draft, "remove-step:0").steps] == ["10m"]
    assert drafts.done(draft, "add-to:1").steps[1].notify == ("team:shop-team", "")
    assert drafts.done(draft, "remove-to:0:0").steps[0].notify == ("person:bob",)
    assert drafts.done(draft, "add-to:all").catch_all == ("person:carol", "")
    assert drafts.done(draft, "remove-to:all:0").catch_all == ()


def test_there_is_an_end_to_steps_and_targets() -> None:
    draft = PolicyDraft(steps=(StepDraft(notify=("x",) * policies.MOST_TARGETS),) * 50)

    assert drafts.done(drafts.done(draft, "add-step"), "add-to:3") == draft


@pytest.mark.parametrize(
    ("text", "is_picked"),
    [("", True), ("person:bob", True), ("bob", True), ('"bob"', True), ("{", True),
     ('{"webhook": "x"}', False), ('{"person": 7}', False)],
)  # fmt: skip
def test_what_is_no_target_yet_can_be_typed_anew(text: str, is_picked: bool) -> None:
    assert drafts.is_picked(text) is is_picked


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"person": "bob"}, "person bob"),
        ({"webhook": "ops-hook"}, "webhook ops-hook"),
        ({"chat": {"channel": "slack", "address": "C0", "name": "Ops"}}, "chat Ops"),
        ({"chat": {"channel": "slack", "address": "C0"}}, "chat C0"),
        ({"chat": {"room": 7}}, 'chat {"room": 7}'),
        ("whom", '"whom"'),
    ],
)
def test_a_target_is_told_in_words(target: Any, words: str) -> None:
    assert drafts.told(drafts.written(target)) == words


HOOK = "https://hooks.example.org/x"


@pytest.mark.parametrize(
    ("target", "room"),
    [
        ({"webhook": HOOK}, RoomDraft("webhook", HOOK)),
        ({"webhook": {"address": HOOK, "name": "desk"}}, RoomDraft("webhook", HOOK, "desk")),
        ({"chat": {"channel": "slack", "address": "C1"}}, RoomDraft("slack", "C1")),
        ({"chat": {"address": "C1"}}, RoomDraft("", "C1")),
        ({"webhook": {"address": HOOK, "secret": "s"}}, None),
        ({"webhook": {"address": 7}}, None),
        ({"webhook": [HOOK]}, None),
        ({"chat": "C1"}, None),
        ({"person": "bob"}, None),
        ("nonsense", None),
    ],
)
def test_a_room_is_taken_apart_if_its_fields_say_all_of_it(
    target: Any, room: RoomDraft | None
) -> None:
    text = drafts.written(target)

    assert drafts.room_from(text) == room
    if room is not None:
        assert drafts.room_written(text, room) == text


@pytest.mark.parametrize(
    ("before", "room", "after"),
    [
        ({"webhook": HOOK}, RoomDraft("webhook", "https://b.example"),
         {"webhook": "https://b.example"}),
        ({"webhook": HOOK}, RoomDraft("webhook", HOOK, "desk"),
         {"webhook": {"address": HOOK, "name": "desk"}}),
        ({"webhook": {"address": HOOK, "name": "desk"}}, RoomDraft("webhook", HOOK),
         {"webhook": {"address": HOOK}}),
        ({"webhook": HOOK}, RoomDraft("ntfy", HOOK),
         {"chat": {"channel": "ntfy", "address": HOOK}}),
        ({"chat": {"channel": "slack", "address": "C1", "name": "ops"}},
         RoomDraft("webhook", HOOK, "ops"), {"webhook": {"address": HOOK, "name": "ops"}}),
    ],
)  # fmt: skip
def test_a_changed_room_is_written_as_before_where_it_can_be(
    before: Any, room: RoomDraft, after: Any
) -> None:
    assert drafts.target_from(drafts.room_written(drafts.written(before), room)) == after


def test_a_button_adds_a_room_that_is_bare_until_it_has_an_address() -> None:
    draft = drafts.done(drafts.done(PolicyDraft(), "add-room:0"), "add-room:all")

    assert draft.steps[0].notify == ("", drafts.NEW_ROOM)
    assert draft.catch_all == (drafts.NEW_ROOM,)
    assert drafts.has_bare_room(draft)
    assert not drafts.has_bare_room(PolicyDraft(catch_all=(drafts.written({"webhook": HOOK}),)))
