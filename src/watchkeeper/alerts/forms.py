"""Forms of integrations, of mending what came, of trying a post out, of silences and of routes."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.http import QueryDict
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from watchkeeper.alerts.domain.documents import RouteSpec, SilenceSpec
from watchkeeper.kernel import wall_time
from watchkeeper.kernel.errors import Problem
from watchkeeper.ui.domain.times import Zone
from watchkeeper.ui.forms import WallTime

LONGEST_POST = 1_000_000
MOST_WINDOWS = 50
_CODE = {"rows": 14, "spellcheck": "false", "class": "wk-mono"}
KIND_WORDS = {
    "alertmanager": "Alertmanager, Prometheus",
    "grafana": "Grafana",
    "cloudevents": "CloudEvents",
    "cloudwatch": "Amazon CloudWatch, by SNS",
    "datadog": "Datadog",
    "generic": "Anything that posts JSON",
    "change": "What changed: deployments, flags, configuration",
    "heartbeat": "Heartbeat",
    "pagerduty": "Senders of PagerDuty",
    "opsgenie": "Senders of Opsgenie",
}


class IntegrationForm(forms.Form):
    """A new sender."""

    name = forms.CharField(
        max_length=253,
        help_text="Small letters, digits and dashes, as alertmanager-eu. Stays as it is.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    kind = forms.ChoiceField(label="What sends")
    service = forms.CharField(
        max_length=253,
        required=False,
        help_text="That its events are about where they do not say. Empty: none.",
    )
    interval = forms.CharField(
        max_length=20,
        required=False,
        help_text="Of a heartbeat: how long it may be silent, as 90s, 5m, 2h or 1d. Empty: 5m.",
    )

    autoClose = forms.CharField(  # noqa: N815  as the document calls it
        label="Close by itself",
        max_length=20,
        required=False,
        help_text="End alerts that it says nothing of for so long, as 2d. Empty: never.",
    )

    flapping = forms.ChoiceField(
        label="What comes and goes too often",
        required=False,
        choices=[("", "Page, then hold it open until it is quiet"), ("off", "Page each time")],
    )

    def __init__(self, *args: Any, kinds: Sequence[str], **more: Any) -> None:
        super().__init__(*args, **more)
        choices = [(kind, KIND_WORDS.get(kind, kind.capitalize())) for kind in kinds]
        self.fields["kind"].choices = choices  # type: ignore[attr-defined]


class MendForm(forms.Form):
    """What came, to be mended."""

    body = forms.CharField(
        label="What came",
        max_length=LONGEST_POST,
        strip=False,
        widget=forms.Textarea(attrs=_CODE),
        help_text="Read again as it stands here; what came stays as it is.",
    )


class DryRunForm(forms.Form):
    """A post to try out."""

    integration = forms.ChoiceField(required=False, help_text="Whose it would be.")
    payload = forms.CharField(
        max_length=LONGEST_POST,
        strip=False,
        widget=forms.Textarea(attrs=_CODE),
        help_text="What the sender would post.",
    )
    at = forms.CharField(
        label="At",
        required=False,
        max_length=40,
        help_text="When it would come, as 2026-03-02T03:00 in your zone. Empty: now.",
    )

    def __init__(self, *args: Any, integrations: Sequence[str], **more: Any) -> None:
        super().__init__(*args, **more)
        choices = [("", "None: JSON of anybody\u2019s"), *((name, name) for name in integrations)]
        self.fields["integration"].choices = choices  # type: ignore[attr-defined]


class SilenceForm(forms.Form):
    """A silence."""

    match = forms.CharField(
        max_length=20_000,
        label=_("What it matches"),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_(
            'One matcher on each line, all must hold: service="shop", severity!="critical".'
        ),
    )
    name = forms.CharField(max_length=253, label=_("Name"), help_text=_("As in deploy-of-monday."))
    reason = forms.CharField(
        max_length=1_000, label=_("Why"), help_text=_("For those who look at an alert meanwhile.")
    )
    start = WallTime(label=_("From"))
    end = WallTime(label=_("To"))
    recurrence = forms.CharField(
        max_length=500,
        required=False,
        label=_("Comes again"),
        help_text=_("Empty: it does not. A rule as FREQ=WEEKLY or FREQ=MONTHLY;BYDAY=1SU."),
    )

    def __init__(self, *args: Any, zone: Zone, **more: Any) -> None:
        super().__init__(*args, **more)
        self.zone = zone
        self.fields["start"].help_text = _("In %(zone)s time, as all of this.") % {
            "zone": zone.city
        }

    def matchers(self) -> tuple[str, ...]:
        """Return what was typed to be matched."""
        lines = str(self.data.get("match", "")).splitlines()
        return tuple(line.strip() for line in lines if line.strip())

    def spec(self) -> SilenceSpec:
        """Return the silence that was typed."""
        given = self.cleaned_data
        rule = given["recurrence"].strip()
        return SilenceSpec(
            name=given["name"].strip(),
            match=self.matchers(),
            start=wall_time.instant_of(given["start"], self.zone.info),
            end=wall_time.instant_of(given["end"], self.zone.info),
            reason=given["reason"].strip(),
            recurrence=rule,
            time_zone=self.zone.info.key if rule else "",
        )


FIELDS = {"spec.start": "start", "spec.end": "end", "spec.reason": "reason",
          "spec.recurrence": "recurrence", "spec.match": "match"}  # fmt: skip


def field_of(path: str) -> str:
    """Return the field that a fault belongs to."""
    return FIELDS.get(path.partition("[")[0], path if path == "match" else "")


# ---- routes


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
            match=tuple(text for _, text in _lines(given.get("match", ""))),
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
        words = problem.detail
        found = re.match(r"spec\.(\w+)(?:\[(\d+)\])?(?:\.(\w+))?", problem.path)
        if found is None:
            return self.outer, "" if problem.path else "name", words
        name, place, inner = found[1], int(found[2] or 0), found[3] or ""
        if name == "match" and found[2]:
            line, _text = _lines(self.values.get("match", ""))[place]
            return self.outer, "match", _now("Line %(line)d: %(words)s") % {
                "line": line, "words": words}  # fmt: skip
        if name == "times" and place < len(self.windows):
            return self.windows[place], {"from": "start", "to": "end"}.get(inner, "days"), words
        names = {"groupBy": "group_by", "groupFor": "group_for", "timeZone": "time_zone"}
        return self.outer, names.get(name, name), words


def _window(at: int, window: WindowTyped, key: str) -> WindowForm:
    shown = {"days": list(window.days), "start": window.start, "end": window.end}
    if key == "initial":
        return WindowForm(prefix=f"time-{at}", initial=shown)
    return WindowForm({f"time-{at}-{name}": value for name, value in shown.items()},
                      prefix=f"time-{at}")  # fmt: skip


def _lines(text: str) -> list[tuple[int, str]]:
    """Return lines that say something, with their numbers from 1."""
    lines = enumerate(text.splitlines(), start=1)
    return [(number, line.strip()) for number, line in lines if line.strip()]


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
