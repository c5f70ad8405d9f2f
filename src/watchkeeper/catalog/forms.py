"""Forms of services and journeys."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from watchkeeper.catalog.domain.journeys import JourneySpec
from watchkeeper.catalog.domain.services import TIER_WORDS, ServiceSpec

_NAME = RegexValidator(
    r"^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z",
    _("Use letters, digits, '-', '_' and '.', beginning and ending with a letter or digit."),
)
_TIERS = [("", _("not known yet"))] + [
    (str(t), f"{t}, {words}") for t, words in enumerate(TIER_WORDS)
]
_LINES = forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})


class _Owned(forms.Form):
    """What both have: a name, a title and a team."""

    name = forms.CharField(
        max_length=253, validators=[_NAME], help_text=_("As in YAML and addresses: checkout.")
    )
    title = forms.CharField(max_length=200, required=False, help_text=_("As people say it."))
    owner = forms.ChoiceField(required=False, help_text=_("The team that answers for it."))

    def __init__(
        self, data: Any = None, *, teams: Sequence[tuple[str, str]], is_new: bool, **rest: Any
    ) -> None:
        super().__init__(data, **rest)
        self._owner().choices = [("", _("nobody")), *teams]
        if not is_new:
            del self.fields["name"]

    def _owner(self) -> forms.ChoiceField:
        field = self.fields["owner"]
        assert isinstance(field, forms.ChoiceField)
        return field


class ServiceForm(_Owned):
    """A service."""

    description = forms.CharField(
        max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    tier = forms.ChoiceField(choices=_TIERS, required=False)
    lifecycle = forms.CharField(
        max_length=60, required=False, help_text=_("As production, experimental or deprecated.")
    )
    hard = forms.CharField(
        label=_("Cannot do without"),
        required=False,
        widget=_LINES,
        help_text=_(
            "A line each: services, outside vendors, and resource:NAME or api:NAME of others."
        ),
    )
    soft = forms.CharField(
        label=_("Can do without"), required=False, widget=_LINES, help_text=_("A line each.")
    )
    fallback = forms.CharField(
        label=_("Stands in when it is gone"),
        max_length=1000,
        required=False,
        help_text=_("As a standby in the second zone. Empty: nothing does."),
    )
    on_call_url = forms.CharField(label=_("On call"), max_length=1000, required=False)
    runbook_url = forms.CharField(label=_("Runbook"), max_length=1000, required=False)
    repository_url = forms.CharField(label=_("Repository"), max_length=1000, required=False)
    chat_channel = forms.CharField(
        label=_("Chat"), max_length=200, required=False, help_text=_("As #team-checkout.")
    )
    labels = forms.CharField(
        required=False, widget=_LINES, help_text=_("A line each, as shop=harbour-goods.")
    )

    field_order = ("name", "title", "description", "owner", "tier", "lifecycle")

    def clean_labels(self) -> dict[str, str]:
        """Return labels as pairs."""
        found = {}
        for line in _lines(self.cleaned_data["labels"]):
            key, mark, value = line.partition("=")
            if not mark or not key.strip():
                raise ValidationError(
                    _("%(line)s is not a pair, as name=value."), params={"line": line}
                )
            found[key.strip()] = value.strip()
        return found

    def spec(self, name: str) -> ServiceSpec:
        """Return the service that was typed."""
        given = self.cleaned_data
        plain = (
            "title", "description", "lifecycle", "fallback", "on_call_url", "runbook_url",
            "repository_url", "chat_channel",
        )  # fmt: skip
        return ServiceSpec(
            name=given.get("name") or name,
            tier=int(given["tier"]) if given["tier"] else None,
            owner=given["owner"] or None,
            labels=given["labels"],
            hard=tuple(_lines(given["hard"])),
            soft=tuple(_lines(given["soft"])),
            **{key: given[key] for key in plain},
        )


class JourneyForm(_Owned):
    """A journey."""

    services = forms.CharField(
        widget=_LINES, help_text=_("A line each, in the order in which a customer meets them.")
    )

    def spec(self, name: str) -> JourneySpec:
        """Return the journey that was typed."""
        given = self.cleaned_data
        return JourneySpec(
            name=given.get("name") or name,
            title=given["title"],
            owner=given["owner"] or None,
            services=tuple(dict.fromkeys(_lines(given["services"]))),
        )


def lines_of(names: Iterable[str]) -> str:
    """Return names as a text of lines."""
    return "\n".join(names)


def initial_of(spec: ServiceSpec | JourneySpec) -> dict[str, Any]:
    """Return what a form begins with."""
    if isinstance(spec, JourneySpec):
        return {
            "title": spec.title,
            "owner": spec.owner or "",
            "services": lines_of(spec.services),
        }
    return {
        "title": spec.title,
        "description": spec.description,
        "owner": spec.owner or "",
        "tier": "" if spec.tier is None else str(spec.tier),
        "lifecycle": spec.lifecycle,
        "hard": lines_of(spec.hard),
        "soft": lines_of(spec.soft),
        "fallback": spec.fallback,
        "on_call_url": spec.on_call_url,
        "runbook_url": spec.runbook_url,
        "repository_url": spec.repository_url,
        "chat_channel": spec.chat_channel,
        "labels": lines_of(f"{key}={value}" for key, value in spec.labels.items()),
    }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
