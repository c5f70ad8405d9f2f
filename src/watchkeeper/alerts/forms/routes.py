"""Forms of routes: what they match, whom they page, when they are on."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.http import QueryDict
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from watchkeeper.alerts.domain.documents import RouteSpec
from watchkeeper.alerts.forms.matchers import lines, place_of
from watchkeeper.kernel.errors import Problem

MOST_WINDOWS = 50


class RouteForm(forms.Form):
    """A route, but for the times at which it is on."""

    name = forms.CharField(
        max_length=253,
        label=_("Name"),
        help_text=_("Letters, digits and dashes, as shop-critical. Stays as it is."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    order = forms.IntegerField(
        label=_("Order"),
        help_text=_("The lowest that matches decides; of equal ones the name that comes first."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    match = forms.CharField(
        max_length=100_000,
        required=False,
        label=_("What it matches"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_(
            'One matcher on each line, all must hold: service="shop", severity=~"critical|error". '
            "Empty: everything."
        ),
    )
    policy = forms.ChoiceField(label=_("Escalation policy"), help_text=_("Who is paged."))
    urgency = forms.ChoiceField(
        required=False,
        label=_("Urgency"),
        choices=[("", _("As the severity says")), ("high", _("High")), ("low", _("Low"))],
        help_text=_("Errors and worse are high where nothing else is said."),
    )
    group_by = forms.CharField(
        max_length=6_000,
        required=False,
        label=_("Page as one by"),
        help_text=_(
            "Labels or fields that such alerts share, as service zone. Empty: each alone."
        ),
    )
    group_for = forms.CharField(
        max_length=20,
        required=False,
        label=_("Others join within"),
        help_text=_("After the newest of them, as 10m. Empty: 5m."),
    )
    time_zone = forms.CharField(
        max_length=100,
        required=False,
        label=_("By the clocks of"),
        help_text=_("As Europe/Berlin."),
    )

    def __init__(self, *args: Any, policies: Sequence[str], **more: Any) -> None:
        super().__init__(*args, **more)
        chosen = str(self["policy"].value() or "")
        choices: list[tuple[str, Any]] = [("", _("Choose a policy"))]
        choices += [(name, name) for name in policies]
        if chosen and chosen not in policies:
            choices.append((chosen, _now("%s (not there)") % chosen))
        self.fields["policy"].choices = choices  # type: ignore[attr-defined]


class WindowForm(forms.Form):
    """A window of wall time in which a route is on."""

    days = forms.MultipleChoiceField(
        required=False,
        label=_("On"),
        choices=[
            ("mon", _("Mon")), ("tue", _("Tue")), ("wed", _("Wed")), ("thu", _("Thu")),
            ("fri", _("Fri")), ("sat", _("Sat")), ("sun", _("Sun")),
        ],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: every day."),
    )  # fmt: skip
    start = forms.CharField(required=False, label=_("From"), help_text=_("Empty: 00:00."))
    end = forms.CharField(
        required=False, label=_("To"), help_text=_("Empty: 24:00. Not after it: the next day.")
    )


@dataclass(frozen=True, slots=True)
class WindowTyped:
    """A window as it is filled in."""

    days: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri")
    start: str = "09:00"
    end: str = "17:00"

    def document(self) -> dict[str, Any]:
        """Return it as a document writes it."""
        found = {"days": list(self.days), "from": self.start, "to": self.end}
        return {name: value for name, value in found.items() if value}


class RouteForms:
    """The whole of a route: its fields and its windows; with the errors of all."""

    def __init__(
        self,
        values: Mapping[str, str],
        windows: Sequence[WindowTyped],
        *,
        policies: Sequence[str],
        is_typed: bool,
    ) -> None:
        """Make the forms.

        Args:
            values: What stands in the fields.
            windows: When it is on, likewise.
            policies: Names of those that may be chosen.
            is_typed: Whether it is judged.
        """
        self.values, self.typed = values, windows
        key = "data" if is_typed else "initial"
        self.outer = RouteForm(policies=policies, **{key: dict(values)})
        self.windows = [_window(at, window, key) for at, window in enumerate(windows)]

    def __iter__(self) -> Iterator[BoundField]:
        for form in (self.outer, *self.windows):
            yield from form

    @property
    def errors(self) -> bool:
        """Whether anything is wrong."""
        return any(form.errors for form in (self.outer, *self.windows))

    @property
    def non_field_errors(self) -> list[str]:
        """What is wrong with all of it."""
        forms_ = (self.outer, *self.windows)
        return [str(error) for form in forms_ for error in form.non_field_errors()]

    def spec(self) -> RouteSpec:
        """Return the route that was filled in; a number that is none is the usual one."""
        given = self.values
        order = self.outer.fields["order"]
        try:
            number = order.clean(given.get("order", ""))
        except forms.ValidationError:
            number = 100
        return RouteSpec(
            name=given.get("name", ""),
            policy=given.get("policy", ""),
            order=number,
            match=tuple(text for _number, text in lines(given.get("match", ""))),
            urgency=given.get("urgency", ""),
            group_by=tuple(given.get("group_by", "").replace(",", " ").split()),
            group_for=given.get("group_for", ""),
            times=tuple(window.document() for window in self.typed),
            time_zone=given.get("time_zone", "") if self.typed else "",
        )

    def tell(self, problems: Iterable[Problem]) -> None:
        """Say what is wrong beside the field that it is about, with the line of a matcher."""
        told = {(id(form), name) for form in (self.outer, *self.windows) for name in form.errors}
        for problem in problems:
            form, name, words = self._place(problem)
            if (id(form), name) not in told:  # else the form says so already in its own words
                form.add_error(name if name in form.fields else None, words)

    def _place(self, problem: Problem) -> tuple[forms.Form, str, str]:
        found = re.match(r"spec\.times\[(\d+)\](?:\.(\w+))?", problem.path)
        if found and int(found[1]) < len(self.windows):
            name = {"from": "start", "to": "end"}.get(found[2] or "", "days")
            return self.windows[int(found[1])], name, problem.detail
        name, words = place_of(problem, self.values)
        names = {"groupBy": "group_by", "groupFor": "group_for", "timeZone": "time_zone"}
        return self.outer, names.get(name, name), words


def _window(at: int, window: WindowTyped, key: str) -> WindowForm:
    shown = {"days": list(window.days), "start": window.start, "end": window.end}
    if key == "initial":
        return WindowForm(prefix=f"time-{at}", initial=shown)
    return WindowForm({f"time-{at}-{name}": value for name, value in shown.items()},
                      prefix=f"time-{at}")  # fmt: skip


def route_values(spec: RouteSpec) -> dict[str, str]:
    """Return what stands in the fields of a route."""
    return {
        "name": spec.name,
        "order": str(spec.order),
        "match": "\n".join(spec.match),
        "policy": spec.policy,
        "urgency": spec.urgency,
        "group_by": " ".join(spec.group_by),
        "group_for": spec.group_for,
        "time_zone": spec.time_zone,
    }


def route_windows(spec: RouteSpec) -> tuple[WindowTyped, ...]:
    """Return the windows of a route."""
    return tuple(
        WindowTyped(tuple(each.get("days", ())), each.get("from", ""), each.get("to", ""))
        for each in spec.times
    )


def typed_windows(posted: QueryDict, act: str) -> tuple[WindowTyped, ...]:
    """Return the windows that were filled in, after a button: ``add-time``, ``drop:1``."""
    many = posted.get("times", "")
    count = int(many) if many.isascii() and many.isdigit() and len(many) < 4 else 0
    found = [
        WindowTyped(
            tuple(posted.getlist(f"time-{at}-days"))[:7],
            posted.get(f"time-{at}-start", "").strip()[:40],
            posted.get(f"time-{at}-end", "").strip()[:40],
        )
        for at in range(min(count, MOST_WINDOWS))
        if act != f"drop:{at}"
    ]
    if act == "add-time" and len(found) < MOST_WINDOWS:
        found.append(WindowTyped())
    return tuple(found)
