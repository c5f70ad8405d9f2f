"""Forms of integrations, of mending what came, and of trying a post out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms

from watchkeeper.alerts.domain.documents import IntegrationSpec

SETTINGS = ("interval", "autoClose", "flapping")
"""Settings that have a field."""

_AS_WRITTEN = "as-written"
LONGEST_POST = 1_000_000
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


class ChangeIntegrationForm(IntegrationForm):
    """A sender that there is: its name and kind stay, and so does what no field shows."""

    known = forms.CharField(required=False, widget=forms.HiddenInput)
    scope = forms.CharField(
        label="Dedup scope",
        max_length=253,
        required=False,
        help_text="Integrations of one scope share the keys of alerts. Empty: its name.",
    )
    field_order = ("service", "scope")

    def __init__(self, *args: Any, stored: IntegrationSpec, known: str, **more: Any) -> None:
        shown = {name: stored.settings.get(name, "") for name in SETTINGS}
        initial = {"service": stored.service, "scope": stored.scope, "known": known}
        super().__init__(*args, kinds=(), initial=initial | shown, **more)
        self.stored = stored
        unused = "autoClose" if stored.kind == "heartbeat" else "interval"
        for name in ("name", "kind", unused):
            del self.fields[name]
        if isinstance(shown["flapping"], dict):
            self.initial["flapping"] = _AS_WRITTEN
            self.fields["flapping"].choices += [(_AS_WRITTEN, "As its document says")]  # type: ignore[attr-defined]

    def spec(self) -> IntegrationSpec:
        """Return the integration that was typed."""
        chosen = self.cleaned_data
        settings = dict(self.stored.settings)
        for name in SETTINGS:
            if name in self.fields and chosen[name] != _AS_WRITTEN:
                settings[name] = chosen[name].strip()
        return replace(
            self.stored,
            service=chosen["service"].strip(),
            scope=chosen["scope"].strip(),
            settings={name: value for name, value in settings.items() if value != ""},
        )


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
