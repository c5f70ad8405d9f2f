"""Escalation policies as somebody fills them in: each value as typed, and all that no form shows.

A document is taken apart into a draft, the draft is changed, and it is put together again over the
document. What a draft does not know (a field, a kind of target) stays where it stood.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from watchkeeper.kernel.documents import Json
from watchkeeper.oncall.domain import policies, rooms

PICKED = ("schedule", "person", "team")
"""The kinds of target that can be picked from a list."""


@dataclass(frozen=True, slots=True)
class StepDraft:
    """A step as it is filled in.

    Attributes:
        after: How long after the step before it, as typed; empty: at once.
        notify: Whom, each as :func:`written`; an empty one is not chosen yet.
        in_turn: Whether one of them is paged, each in turn.
        urgency: Of what urgency alone; empty: of any.
        start: Of the hours of those whom it pages, as typed; empty: any hours.
        end: Likewise.
        kept: The step as it stood, with what the draft does not know.
    """

    after: str = ""
    notify: tuple[str, ...] = ("",)
    in_turn: bool = False
    urgency: str = ""
    start: str = ""
    end: str = ""
    kept: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """A policy as it is filled in.

    Attributes:
        name: Its name, as typed.
        owner: Team that owns it; empty: nobody.
        steps: In order.
        repeat: How many further rounds, as typed; empty: none.
        repeat_after: How long until each, as typed; empty: as usual.
        catch_all: Whom to page when all was in vain, each as :func:`written`.
        ack_timeout: How long who took it has, as typed; empty: for ever.
    """

    name: str = ""
    owner: str = ""
    steps: tuple[StepDraft, ...] = (StepDraft(),)
    repeat: str = ""
    repeat_after: str = ""
    catch_all: tuple[str, ...] = ()
    ack_timeout: str = ""


# ---- targets as text


def written(target: Json) -> str:
    """Return a target as a field of a form holds it: ``person:bob``, or its JSON."""
    if isinstance(target, Mapping) and len(target) == 1:
        [(kind, name)] = target.items()
        if kind in PICKED and isinstance(name, str) and name:
            return f"{kind}:{name}"
    return json.dumps(target, sort_keys=True)


def is_picked(text: str) -> bool:
    """Return whether a target as text can be picked from a list, or is no target at all yet."""
    return text.partition(":")[0] in PICKED or not isinstance(target_from(text), Mapping)


def told(text: str) -> str:
    """Return a target as people read it: ``person bob``, ``webhook shop-hook``."""
    target = target_from(text)
    if not isinstance(target, Mapping):
        return text
    return ", ".join(f"{kind} {_title(value)}" for kind, value in target.items())


def _title(value: Json) -> str:
    """Return what is called by: a name, or that of something which has fields of its own."""
    if isinstance(value, Mapping):
        for name in ("name", "address"):
            if isinstance(value.get(name), str):
                return str(value[name])
    return value if isinstance(value, str) else json.dumps(value)


@dataclass(frozen=True, slots=True)
class RoomDraft:
    """A room as it is filled in.

    Attributes:
        channel: How it is told; one of ``notifications.domain.rooms.CHANNELS``, or as typed.
        address: Where, as typed; empty: not said yet.
        name: What people call it, as typed; empty: nothing.
    """

    channel: str = "webhook"
    address: str = ""
    name: str = ""


NEW_ROOM = json.dumps({"webhook": ""})
_ROOM_FIELDS = {"webhook": {"address", "name"}, "chat": {"channel", "address", "name"}}


def room_from(text: str) -> RoomDraft | None:
    """Return the room that a field holds; ``None``: it is none, or says what no draft knows."""
    target = target_from(text)
    if not isinstance(target, Mapping) or not rooms.is_room(target):
        return None
    [(kind, given)] = target.items()
    fields = {"address": given} if isinstance(given, str) and kind == "webhook" else given
    if not isinstance(fields, Mapping) or not set(fields) <= _ROOM_FIELDS[kind]:
        return None
    texts = {name: value for name, value in fields.items() if isinstance(value, str)}
    if len(texts) < len(fields):
        return None
    usual = "webhook" if kind == "webhook" else ""
    return RoomDraft(texts.get("channel", usual), texts.get("address", ""), texts.get("name", ""))


def room_written(text: str, room: RoomDraft) -> str:
    """Return how a field holds a room that was changed; written as before where it still can be.

    Args:
        text: The room as it stood.
        room: As it is now.
    """
    if room_from(text) == room:
        return text
    named = {"name": room.name} if room.name else {}
    if room.channel != "webhook":
        return written({"chat": {"channel": room.channel, "address": room.address, **named}})
    stood = _mapping(target_from(text)).get("webhook")
    is_plain = not named and not isinstance(stood, Mapping)
    return written({"webhook": room.address if is_plain else {"address": room.address, **named}})


def has_bare_room(draft: PolicyDraft) -> bool:
    """Return whether a room has no address yet."""
    texts = [text for step in draft.steps for text in step.notify] + list(draft.catch_all)
    found = [room_from(text) for text in texts]
    return any(room is not None and not room.address for room in found)


def target_from(text: str) -> Json:
    """Return the target that a field holds; what is none stays a text, which no policy takes."""
    kind, _, name = text.partition(":")
    if kind in PICKED:
        return {kind: name}
    try:
        found: Json = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found


# ---- from a document, and back


def draft_of(data: Mapping[str, Any]) -> PolicyDraft:
    """Return the draft that shows a policy's document; what cannot be shown is left to it."""
    metadata, spec = _mapping(data.get("metadata")), _mapping(data.get("spec"))
    return PolicyDraft(
        name=_text(metadata.get("name")),
        owner=_text(spec.get("owner")),
        steps=tuple(_step_draft(_mapping(step)) for step in _listed(spec.get("steps"))),
        repeat=_text(spec.get("repeat")),
        repeat_after=_text(spec.get("repeatAfter")),
        catch_all=tuple(written(target) for target in _listed(spec.get("catchAll"))),
        ack_timeout=_text(spec.get("ackTimeout")),
    )


def _step_draft(step: Mapping[str, Any]) -> StepDraft:
    when = _mapping(step.get("when"))
    hours = _mapping(when.get("localTime"))
    return StepDraft(
        after=_text(step.get("after")),
        notify=tuple(written(target) for target in _listed(step.get("notify"))),
        in_turn=step.get("roundRobin") is True,
        urgency=_text(when.get("urgency")),
        start=_text(hours.get("from")),
        end=_text(hours.get("to")),
        kept=step,
    )


def document_of(draft: PolicyDraft, base: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document that a draft wants, laid over the one it was made from.

    Args:
        draft: As it was filled in; it may be wrong, which :func:`policies.faults` tells.
        base: The document that it was made from; empty: none.
    """
    catch_all: list[Json] = [target_from(text) for text in draft.catch_all if text]
    was = _mapping(base.get("spec")).get("catchAll")
    shown: dict[str, Any] = {
        "owner": draft.owner or None,
        "steps": [_step_document(step) for step in draft.steps],
        "repeat": _number(draft.repeat),
        "repeatAfter": draft.repeat_after or None,
        "catchAll": (was if _listed(was) == catch_all else catch_all) if catch_all else None,
        "ackTimeout": draft.ack_timeout or None,
    }
    head = {"apiVersion": policies.API_VERSION, "kind": policies.KIND}
    metadata = _laid(_mapping(base.get("metadata")), {"name": draft.name})
    spec = _laid(_mapping(base.get("spec")), shown)
    return {**head, **base, "metadata": metadata, "spec": spec}


def _step_document(step: StepDraft) -> dict[str, Any]:
    hours = {"from": step.start, "to": step.end} if step.start or step.end else None
    kept = _mapping(step.kept.get("when"))
    when = _laid(kept, {"urgency": step.urgency or None, "localTime": hours})
    shown = {
        "after": step.after or None,
        "notify": [target_from(text) for text in step.notify if text],
        "roundRobin": True if step.in_turn else None,
        "when": when or None,
    }
    return _laid(step.kept, shown)


def _laid(base: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with what is shown in place of what stood there; ``None`` takes it away."""
    found = {name: shown.get(name, value) for name, value in base.items()}
    found |= {name: value for name, value in shown.items() if name not in base}
    return {name: value for name, value in found.items() if name not in shown or value is not None}


def _number(text: str) -> int | str | None:
    """Return the number that was typed; what is none stays, to be told of."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


# ---- what the buttons of a form do

_ON_TARGETS = ("add-to", "add-room", "remove-to")


def done(draft: PolicyDraft, act: str) -> PolicyDraft:
    """Return the draft after a button: ``add-step``, ``up:1``, ``add-to:0``, ``remove-to:all:0``.

    ``add-room`` adds as ``add-to`` does. Steps and targets count from 0; ``all`` is the catch-all.
    What no button does changes nothing.
    """
    word, *places = act.split(":")
    if word == "add-step":
        return replace(draft, steps=(*draft.steps, StepDraft(after="5m"))[: policies.MOST_STEPS])
    if word in _ON_TARGETS and places[:1] == ["all"]:
        return replace(draft, catch_all=_targets(draft.catch_all, word, places[1:]))
    place = _place(places[:1], draft.steps)
    if place is None:
        return draft
    steps = list(draft.steps)
    if word == "remove-step":
        del steps[place]
    elif word in ("up", "down"):
        other = max(0, place - 1) if word == "up" else min(len(steps) - 1, place + 1)
        steps[place], steps[other] = steps[other], steps[place]
    elif word in _ON_TARGETS:
        notify = _targets(steps[place].notify, word, places[1:])
        steps[place] = replace(steps[place], notify=notify)
    return replace(draft, steps=tuple(steps))


def _targets(found: tuple[str, ...], word: str, places: Sequence[str]) -> tuple[str, ...]:
    if word in ("add-to", "add-room"):
        return (*found, NEW_ROOM if word == "add-room" else "")[: policies.MOST_TARGETS]
    place = _place(places[:1], found)
    return found if place is None else (*found[:place], *found[place + 1 :])


def _place(texts: Sequence[str], among: Sequence[object]) -> int | None:
    """Return the place that a button names; ``None``: there is none."""
    text = "".join(texts)
    place = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1
    return place if 0 <= place < len(among) else None
