"""What people type about SLOs: exclusions, a document, the few fields of a simple SLO."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms

from watchkeeper.kernel import ids, instants
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.ui.domain import times
from watchkeeper.ui.forms import WallTime


class SeveralExclusionsForm(forms.Form):
    """A stretch of time that is not to count, and why."""

    start = WallTime(label="From")
    end = WallTime(label="To", help_text="The first minute that counts again.")
    reason = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For those who read the proof, for example: planned move of the database, "
        "agreed with support.",
    )

    def __init__(self, *args: Any, zone: times.Zone, **more: Any) -> None:
        super().__init__(*args, **more)
        self.zone = zone
        self.fields["start"].help_text = f"In {zone.city} time."

    def instant(self, name: str) -> dt.datetime:
        """Return a typed time in UTC."""
        typed: dt.datetime = self.cleaned_data[name]
        return instants.in_utc(typed.replace(tzinfo=self.zone.info), path=name)

    def clean_start(self) -> dt.datetime:
        """Refuse what is no time that anything was measured at."""
        return self._bearable("start")

    def clean_end(self) -> dt.datetime:
        """Refuse what is no time that anything was measured at."""
        return self._bearable("end")

    def _bearable(self, name: str) -> dt.datetime:
        try:
            self.instant(name)
        except InvalidError as error:
            raise forms.ValidationError(error.message) from error
        typed: dt.datetime = self.cleaned_data[name]
        return typed


class ExclusionForm(SeveralExclusionsForm):
    """A stretch of time that is not to count, of one SLO or of its service."""

    scope = forms.ChoiceField(
        widget=forms.RadioSelect,
        choices=[("slo", "Only this SLO"), ("service", "All SLOs of the service")],
        initial="slo",
        label="What it touches",
    )

    def __init__(self, *args: Any, service: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["scope"].choices = [  # type: ignore[attr-defined]
            ("slo", "Only this SLO"),
            ("service", f"All SLOs of {service}"),
        ]


class DocumentForm(forms.Form):
    """An SLO as code."""

    document = forms.CharField(
        label="OpenSLO document",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 26, "spellcheck": "false", "class": "wk-mono"}),
        help_text="One document of kind SLO, as YAML. Saving starts a new version; the past keeps "
        "the version that was in force.",
    )


class SimpleForm(forms.Form):
    """The few things that make most SLOs: a name, a service, a target and how it is measured."""

    name = forms.CharField(max_length=253, help_text="As in checkout-availability.")
    title = forms.CharField(
        max_length=300, required=False, help_text="In words: requests answered without error."
    )
    service = forms.CharField(max_length=253, help_text="As in the catalogue; made if missing.")
    target = forms.DecimalField(
        label="Objective",
        max_digits=12,
        initial=Decimal("99.9"),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text="Over 30 days, 99.9 % allows 43 min 12 s of full outage.",
    )
    window = forms.ChoiceField(
        choices=[("7d", "7 days"), ("28d", "28 days"), ("30d", "30 days"), ("90d", "90 days")],
        initial="30d",
        help_text="Always the last so many days.",
    )
    source = forms.ChoiceField(
        label="Measured by", required=False, help_text="Push takes counts sent to the API."
    )
    good = forms.CharField(
        label="Good events",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "class": "wk-mono"}),
        help_text='A counter, as http_requests_total{service="checkout", code!~"5.."}.',
    )
    total = forms.CharField(
        label="All events",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "class": "wk-mono"}),
        help_text='A counter, as http_requests_total{service="checkout"}. Push needs neither.',
    )

    def __init__(self, *args: Any, sources: list[str], **more: Any) -> None:
        super().__init__(*args, **more)
        choices = [("", "Push"), *((name, name) for name in sources)]
        self.fields["source"].choices = choices  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        """Return the name if it can name an SLO."""
        return self._name("name", "An SLO")

    def clean_service(self) -> str:
        """Return the name if it can name a service."""
        return self._name("service", "A service")

    def _name(self, field: str, what: str) -> str:
        try:
            return ids.check_name(self.cleaned_data[field], what=what)
        except InvalidError as error:
            raise forms.ValidationError(str(error)) from error

    def clean_target(self) -> Decimal:
        """Return the objective if it leaves a budget and promises something."""
        target: Decimal = self.cleaned_data["target"]
        if target >= 100:
            raise forms.ValidationError(
                "100 % leaves no budget, so nothing could ever be changed. Use 99.99 or less."
            )
        if target <= 0:
            raise forms.ValidationError("An objective is a share above 0, as 99.9.")
        return target

    def clean(self) -> dict[str, Any]:
        """Ask for queries where a source is asked."""
        found: dict[str, Any] = super().clean() or {}
        if found.get("source"):
            for name in ("good", "total"):
                if not found.get(name, "").strip():
                    self.add_error(name, "A source needs to know what to count.")
        return found

    def document(self) -> dict[str, Any]:
        """Return the OpenSLO document of what was typed."""
        data = self.cleaned_data
        metadata = {"name": data["name"]} | (
            {"displayName": data["title"]} if data["title"] else {}
        )
        return {
            "apiVersion": "openslo/v1",
            "kind": "SLO",
            "metadata": metadata,
            "spec": {
                "service": data["service"],
                "indicator": {
                    "metadata": {"name": data["name"]},
                    "spec": {
                        "ratioMetric": {
                            "counter": bool(data["source"]),
                            "good": self._metric("good"),
                            "total": self._metric("total"),
                        }
                    },
                },
                "timeWindow": [{"duration": data["window"], "isRolling": True}],
                "budgetingMethod": "Occurrences",
                "objectives": [{"target": float(data["target"] / 100)}],
            },
        }

    def _metric(self, name: str) -> dict[str, Any]:
        source = self.cleaned_data["source"]
        if not source:
            return {"metricSource": {"type": "push", "spec": {}}}
        query = self.cleaned_data[name].strip()
        return {"metricSource": {"metricSourceRef": source, "spec": {"query": query}}}
