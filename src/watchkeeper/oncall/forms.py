"""What people type about who is on call, and about whom a policy pages."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from watchkeeper.kernel import wall_time
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import Problem
from watchkeeper.notifications.domain.rooms import CHANNELS
from watchkeeper.oncall.domain import drafts, policies
from watchkeeper.oncall.domain.drafts import PolicyDraft, RoomDraft, StepDraft
from watchkeeper.oncall.queries.escalations import TargetChoices
from watchkeeper.oncall.usecases import WantedOverride
from watchkeeper.ui.domain.times import Zone
from watchkeeper.ui.forms import WallTime


class DocumentForm(forms.Form):
    """A schedule as code."""

    document = forms.CharField(
        label=_("Document"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "wk-mono"}),
        help_text=_("One document of kind Schedule, as YAML. Times without a zone are wall time."),
    )


class OverrideForm(forms.Form):
    """Somebody who stands in."""

    person = forms.CharField(max_length=253, label=_("Who is on call"))
    start = WallTime(label=_("From"))
    end = WallTime(label=_("To"))
    replaces = forms.CharField(
        max_length=253,
        required=False,
        label=_("Instead of"),
        help_text=_("A name; empty: everybody who is on call then."),
    )
    add = forms.BooleanField(required=False, label=_("Joins those who are on call"))

    def __init__(self, *args: Any, zone: Zone, **more: Any) -> None:
        super().__init__(*args, **more)
        self.zone = zone
        self.fields["start"].help_text = _("In %(zone)s time. One that is past means now.") % {
            "zone": zone.city
        }

    def wanted(self, schedule: str) -> WantedOverride:
        """Return the override that was typed."""
        given = self.cleaned_data
        return WantedOverride(
            schedule=schedule,
            start=wall_time.instant_of(given["start"], self.zone.info),
            end=wall_time.instant_of(given["end"], self.zone.info),
            person=given["person"].strip(),
            replaces=given["replaces"].strip() or None,
            joins=given["add"],
        )


# ---- escalation policies

MOST_IN_A_LIST = 200
"""A list for each target can hold so many schedules, people and teams; of more one types."""
_ALL = "all"


class PolicyForm(forms.Form):
    """What a policy says beside its steps."""

    name = forms.CharField(
        max_length=253,
        label=_("Name"),
        help_text=_("Letters, digits and dashes, as shop-high. Stays as it is."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    owner = forms.ChoiceField(
        required=False, label=_("Owner"), help_text=_("Its editors may change the policy.")
    )
    repeat = forms.CharField(
        required=False,
        label=_("Further rounds"),
        help_text=_("How often all steps are gone through again. Empty: not again."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    repeat_after = forms.CharField(
        required=False,
        label=_("Wait before each"),
        help_text=_("After the last step, also before the catch-all. Empty: 5m."),
    )
    ack_timeout = forms.CharField(
        required=False,
        label=_("Time to resolve"),
        help_text=_("Acknowledged and not resolved within it, it begins anew. Empty: for ever."),
    )

    def __init__(self, *args: Any, owners: Sequence[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["owner"].choices = owners  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class TargetRow:
    """What stands for one target.

    Attributes:
        bound: Its field.
        words: What stands in it, if nobody can pick it here; empty: one can.
        room: The fields of a room; none: it is no room.
    """

    bound: BoundField
    words: str = ""
    room: tuple[BoundField, ...] = ()


_CHANNELS = {"webhook": _("Webhook"), "slack": "Slack", "teams": "Teams", "ntfy": "ntfy"}
_ROOM_FIELDS: dict[str, Callable[[], forms.Field]] = {
    "channel": lambda: forms.ChoiceField(
        label=_("Told by"), choices=[(each, _CHANNELS[each]) for each in CHANNELS]
    ),
    "address": lambda: forms.CharField(
        label=_("Where"),
        error_messages={"required": _("Say where it is told.")},
        help_text=_("An https address; of a Slack channel its id, as C012AB3CD."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    ),
    "name": lambda: forms.CharField(
        required=False,
        label=_("Called"),
        help_text=_("Seen by those who may not see the address."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    ),
}


class TargetsForm(forms.Form):
    """Whom to page: a field for each, named ``to-0``, ``to-1`` and so on.

    A room has fields of its own beside it: ``to-0-channel``, ``to-0-address``, ``to-0-name``.
    """

    def __init__(
        self, data: Any, *, prefix: str, targets: Sequence[str], known: "Choices", **more: Any
    ) -> None:
        super().__init__(data, prefix=prefix, **more)
        self.targets = targets
        for place, text in enumerate(targets):
            self.fields[f"to-{place}"] = known.field(text)
            if drafts.room_from(text) is not None:
                for name, made in _ROOM_FIELDS.items():
                    self.fields[f"to-{place}-{name}"] = made()

    def rows(self) -> Iterator[TargetRow]:
        """Yield what stands for each target."""
        for place, text in enumerate(self.targets):
            bound = self[f"to-{place}"]
            if drafts.room_from(text) is not None:
                room = tuple(self[f"to-{place}-{name}"] for name in _ROOM_FIELDS)
                yield TargetRow(bound, room=room)
            else:
                yield TargetRow(bound, "" if drafts.is_picked(text) else drafts.told(text))


class StepForm(TargetsForm):
    """A step of a policy."""

    after = forms.CharField(required=False)
    in_turn = forms.BooleanField(
        required=False,
        label=_("Page only one of them, each in turn"),
        help_text=_("From one alert to the next."),
    )
    urgency = forms.ChoiceField(
        required=False,
        label=_("For"),
        choices=[("", _("Any urgency")), ("high", _("High urgency")), ("low", _("Low urgency"))],
    )
    start = forms.CharField(required=False, label=_("From"))
    end = forms.CharField(
        required=False,
        label=_("To"),
        help_text=_("Both as 08:00."),
    )

    def __init__(self, *args: Any, number: int, kept: Mapping[str, Json], **more: Any) -> None:
        super().__init__(*args, **more)
        self.number = number
        self.kept = json.dumps(kept)
        first = number == 1
        after = self.fields["after"]
        after.label = _("After the beginning") if first else _("After the step before")
        after.help_text = _("As 30s, 5m or 1h. Empty: at once.") if first else ""
        chosen = str(self["urgency"].value() or "")
        if chosen and chosen not in policies.URGENCIES:
            self.fields["urgency"].choices = [  # type: ignore[attr-defined]
                *self.fields["urgency"].choices, (chosen, chosen)]  # type: ignore[attr-defined]  # fmt: skip

    @property
    def is_conditional(self) -> bool:
        """Whether it pages in some cases only."""
        return any(self[name].value() or self[name].errors for name in ("urgency", "start", "end"))


class Choices:
    """Whom a target may be, as a list or, of very many, as a text with suggestions."""

    def __init__(self, groups: Iterable[TargetChoices]) -> None:
        self.groups = [group for group in groups if group.kind in drafts.PICKED]
        self.values = [f"{group.kind}:{name}" for group in self.groups for name in group.names]

    @property
    def is_long(self) -> bool:
        """Whether there are too many for a list."""
        return len(self.values) > MOST_IN_A_LIST

    def field(self, text: str) -> forms.Field:
        """Return the field of a target that is ``text``, which it always takes."""
        label = _("Whom")
        if not drafts.is_picked(text):
            return forms.CharField(required=False, label=label, widget=forms.HiddenInput)
        if self.is_long:
            attrs = {"list": "targets", "class": "form-control", "autocomplete": "off"}
            return forms.CharField(
                required=False, label=label, widget=forms.TextInput(attrs=attrs)
            )
        choices: list[Any] = [("", _("Choose whom to page"))]
        for group in self.groups:
            names = [(f"{group.kind}:{name}", name) for name in group.names]
            choices.append((group.kind.capitalize(), names))
        if text and text not in self.values:
            choices.append((text, _now("%s (not there)") % drafts.told(text)))
        return forms.ChoiceField(
            required=False,
            label=label,
            choices=choices,
            widget=forms.Select(attrs={"class": "form-select"}),
        )


class PolicyForms:
    """The whole of a policy: what it says, its steps, its catch-all; with the errors of all."""

    def __init__(
        self,
        draft: PolicyDraft,
        *,
        owners: Sequence[tuple[str, str]],
        choices: Choices,
        is_typed: bool,
    ) -> None:
        values = _values(draft)
        given: Any = (values,) if is_typed else (None,)
        more: dict[str, Any] = {} if is_typed else {"initial": values}
        self.outer = PolicyForm(*given, owners=owners, **more)
        self.steps = [
            StepForm(
                *given,
                prefix=f"step-{place}",
                number=place + 1,
                kept=step.kept,
                targets=step.notify,
                known=choices,
                **({} if is_typed else {"initial": _step_values(step)}),
            )
            for place, step in enumerate(draft.steps)
        ]
        self.catch_all = TargetsForm(
            *given,
            prefix=_ALL,
            targets=draft.catch_all,
            known=choices,
            **({} if is_typed else {"initial": _target_values(draft.catch_all)}),
        )
        self.choices = choices

    def __iter__(self) -> Iterator[BoundField]:
        for form in self._all():
            yield from form

    def _all(self) -> list[forms.Form]:
        return [self.outer, *self.steps, self.catch_all]

    @property
    def errors(self) -> bool:
        """Whether anything is wrong."""
        return any(form.errors for form in self._all())

    @property
    def non_field_errors(self) -> list[str]:
        """What is wrong with all of it."""
        return [str(error) for form in self._all() for error in form.non_field_errors()]

    def tell(self, problems: Iterable[Problem]) -> None:
        """Say what is wrong beside the field that it is about."""
        for problem in problems:
            form, name = self._place(problem.path)
            is_said = name.endswith("-address") and not form[name].value()
            if not is_said:
                is_empty = problem.path.endswith(".notify")
                words = _now("Choose whom to page.") if is_empty else problem.detail
                form.add_error(name if name in form.fields else None, words)

    def _place(self, path: str) -> tuple[forms.Form, str]:
        found = re.match(r"spec\.steps\[(\d+)\](?:\.(\w+))?(.*)", path)
        if found and int(found[1]) < len(self.steps):
            step = self.steps[int(found[1])]
            if found[2] == "notify":
                return step, _target_name(found[3], step.targets)
            if found[2] == "when":
                names = {".urgency": "urgency", ".localTime.from": "start"}
                return step, names.get(found[3], "end" if "localTime" in found[3] else "urgency")
            return step, {"after": "after", "roundRobin": "in_turn"}.get(found[2] or "", "")
        if path.startswith("spec.catchAll"):
            place = path.removeprefix("spec.catchAll")
            return self.catch_all, _target_name(place, self.catch_all.targets)
        names = {"repeatAfter": "repeat_after", "ackTimeout": "ack_timeout"}
        name = path.rpartition(".")[2]
        return self.outer, names.get(name, name)


def _target_name(place: str, targets: Sequence[str]) -> str:
    """Return the field of a target of a document, where those not chosen are left out."""
    chosen = [(f"to-{at}", text) for at, text in enumerate(targets) if text]
    found = re.match(r"\[(\d+)\]", place)
    if not found or int(found[1]) >= len(chosen):
        return "to-0"
    name, text = chosen[int(found[1])]
    if drafts.room_from(text) is None:
        return name
    part = place.rpartition(".")[2]
    return f"{name}-{part}" if part in _ROOM_FIELDS else f"{name}-address"


def _values(draft: PolicyDraft) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": draft.name,
        "owner": draft.owner,
        "repeat": draft.repeat,
        "repeat_after": draft.repeat_after,
        "ack_timeout": draft.ack_timeout,
    }
    for place, step in enumerate(draft.steps):
        found |= {f"step-{place}-{name}": value for name, value in _step_values(step).items()}
    return found | {f"{_ALL}-{n}": v for n, v in _target_values(draft.catch_all).items()}


def _step_values(step: StepDraft) -> dict[str, Any]:
    own = {
        "after": step.after,
        "in_turn": step.in_turn,
        "urgency": step.urgency,
        "start": step.start,
        "end": step.end,
    }
    return own | _target_values(step.notify)


def _target_values(targets: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for place, text in enumerate(targets):
        found[f"to-{place}"] = text
        room = drafts.room_from(text)
        if room is not None:
            found |= {f"to-{place}-{name}": getattr(room, name) for name in _ROOM_FIELDS}
    return found


def typed(posted: Mapping[str, str]) -> PolicyDraft:
    """Return the policy that was filled in, right or wrong."""

    def text(name: str) -> str:
        return posted.get(name, "").strip()[:4_000]

    many = text("steps")
    count = int(many) if many.isascii() and many.isdigit() and len(many) < 4 else 0
    return PolicyDraft(
        name=text("name"),
        owner=text("owner"),
        steps=tuple(
            StepDraft(
                after=text(f"step-{place}-after"),
                notify=_typed_targets(posted, f"step-{place}"),
                in_turn=bool(text(f"step-{place}-in_turn")),
                urgency=text(f"step-{place}-urgency"),
                start=text(f"step-{place}-start"),
                end=text(f"step-{place}-end"),
                kept=_kept(posted.get(f"step-{place}-kept", "")),
            )
            for place in range(min(count, policies.MOST_STEPS))
        ),
        repeat=text("repeat"),
        repeat_after=text("repeat_after"),
        catch_all=_typed_targets(posted, _ALL),
        ack_timeout=text("ack_timeout"),
    )


def _typed_targets(posted: Mapping[str, str], prefix: str) -> tuple[str, ...]:
    names = [f"{prefix}-to-{place}" for place in range(policies.MOST_TARGETS)]
    return tuple(_typed_target(posted, name) for name in names if name in posted)


def _typed_target(posted: Mapping[str, str], name: str) -> str:
    text = posted[name].strip()
    if drafts.room_from(text) is None or f"{name}-address" not in posted:
        return text
    given = {part: posted.get(f"{name}-{part}", "").strip()[:4_000] for part in _ROOM_FIELDS}
    return drafts.room_written(text, RoomDraft(**given))


def _kept(text: str) -> Mapping[str, Json]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
