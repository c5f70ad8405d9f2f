"""Rooms in the documents of policies: ``{webhook: …}`` and ``{chat: …}`` beside people.

A secret never stays in a document: it is taken out before anything is compared or stored.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import Problem
from watchkeeper.notifications.domain import rooms
from watchkeeper.notifications.domain.rooms import Room, RoomSpec

KINDS = ("webhook", "chat")
_WEBHOOK_FIELDS = ("address", "name", "secret")
_CHAT_FIELDS = ("channel", "address", "name")


def holder_of(policy: str) -> str:
    """Return whose rooms those of a policy are."""
    return f"policy {policy}"


def is_room(target: Any) -> bool:
    """Return whether a target is meant to be a room."""
    return isinstance(target, Mapping) and len(target) == 1 and next(iter(target)) in KINDS


def faults(target: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """Yield what is wrong with a target that :func:`is_room`."""
    [(kind, given)] = target.items()
    here = f"{path}.{kind}"
    if kind == "webhook" and isinstance(given, str):
        given = {"address": given}
    if not isinstance(given, Mapping):
        yield Problem(_SHAPE[kind], path=here)
        return
    known = _WEBHOOK_FIELDS if kind == "webhook" else _CHAT_FIELDS
    for name in given:
        if name not in known:
            message = f"{name} is not a field here: {', '.join(known)}"
            yield Problem(message, path=f"{here}.{name}")
    needed = ("address",) if kind == "webhook" else ("channel", "address")
    wrong = [name for name in known if name in given and not _is_text(given[name])]
    wrong += [name for name in needed if name not in given]
    for name in wrong:
        yield Problem(f"{name} is text; {_SHAPE[kind]}", path=f"{here}.{name}")
    if not wrong:
        for fault in rooms.faults(spec_of({kind: given})):
            yield Problem(fault.detail, path=f"{here}.{fault.path}")


_SHAPE = {
    "webhook": "a webhook is its address, or {address: 'https://…', name: …, secret: …}",
    "chat": "a chat is {channel: slack, address: C012AB3CD}, with a name if you like",
}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def spec_of(target: Mapping[str, Any], path: str = "") -> RoomSpec:
    """Return the room that a target without faults is, with its secret."""
    [(kind, given)] = target.items()
    if isinstance(given, str):
        return RoomSpec(Room("webhook", given), path=f"{path}.{kind}")
    channel = "webhook" if kind == "webhook" else given["channel"]
    room = Room(channel, given["address"], given.get("name", ""))
    return RoomSpec(room, given.get("secret"), path=f"{path}.{kind}")


def specs_of(data: Mapping[str, Any]) -> list[RoomSpec]:
    """Return the rooms of a policy without faults as they are wanted, each as often as written."""
    return [spec_of(target, path) for target, path in _targets(data)]


def stored(data: Mapping[str, Json]) -> dict[str, Json]:
    """Return a policy without faults as it is kept, compared and exported: no secret in it."""
    return _changed(data, _without_secret)


def masked(data: Mapping[str, Json]) -> dict[str, Json]:
    """Return a policy that is kept as those see it who may not change it: no address in clear."""
    return _changed(data, _without_address)


def _without_secret(target: dict[str, Any]) -> None:
    for given in target.values():
        if isinstance(given, dict):
            given.pop("secret", None)


def _without_address(target: dict[str, Any]) -> None:
    hidden = spec_of(target).room.masked
    [(kind, given)] = target.items()
    target[kind] = {**given, "address": hidden} if isinstance(given, dict) else hidden


def _changed(data: Mapping[str, Json], change: Any) -> dict[str, Json]:
    if not any(_targets(data)):
        return dict(data)
    made = copy.deepcopy(dict(data))
    for target, _ in _targets(made):
        change(target)
    return made


def _targets(data: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    """Yield the rooms of a policy without faults and where each is written."""
    spec = data["spec"]
    for place, step in enumerate(spec["steps"]):
        for number, target in enumerate(step["notify"]):
            if is_room(target):
                yield target, f"spec.steps[{place}].notify[{number}]"
    catch_all = spec.get("catchAll") or []
    for number, target in enumerate(catch_all if isinstance(catch_all, list) else [catch_all]):
        if is_room(target):
            yield target, f"spec.catchAll[{number}]"
