"""The form of a source."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from watchkeeper.telemetry.domain import sources
from watchkeeper.telemetry.domain.sources import SourceDefinition
from watchkeeper.telemetry.queries import SourceRow

NO_LOGIN, BASIC, BEARER = "none", "basic", "bearer"
_PREFIX = f"{sources.HEADERS}."
_FIELDS = {camel: snake for snake, camel in sources.DETAILS.items()}


class _Secret(forms.CharField):
    """A secret: what is stored is never sent to the page, and empty leaves it as it is."""

    def __init__(self, **more: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        super().__init__(required=False, max_length=10_000, strip=False, widget=widget, **more)


class SourceForm(forms.Form):
    """A Prometheus server, or one that answers as it does."""

    name = forms.CharField(
        max_length=253,
        help_text="As SLOs name it: prom-eu-1. Stays as it is.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    url = forms.CharField(
        label="Address",
        max_length=2000,
        help_text="Of Prometheus, VictoriaMetrics, Mimir or Thanos, as http://prometheus:9090.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    login = forms.ChoiceField(
        label="Signs in by",
        widget=forms.RadioSelect,
        choices=[
            (NO_LOGIN, "nothing"),
            (BASIC, "user and password"),
            (BEARER, "bearer token"),
        ],
        initial=NO_LOGIN,
    )
    username = forms.CharField(
        label="User", required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    password = _Secret(
        help_text="Kept encrypted and never shown. ${env:NAME} and ${file:PATH} are read at use."
    )
    bearer_token = _Secret(
        help_text="Kept encrypted and never shown. ${env:NAME} and ${file:PATH} are read at use."
    )
    tenant = forms.CharField(
        required=False, help_text="Sent as X-Scope-OrgID, for Mimir and Thanos."
    )
    headers = forms.CharField(
        label="Other headers",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="A line each, as X-Key: value. A name without a value keeps the one stored.",
    )
    ca_file = forms.CharField(
        label="Certificates",
        required=False,
        help_text="PEM file on this host to trust the server by; empty: those of the system.",
    )
    timeout_seconds = forms.FloatField(
        label="Waits at most", required=False, help_text="Seconds for one answer; else 15."
    )
    concurrency = forms.IntegerField(
        label="Requests at a time", required=False, help_text="Else 4."
    )
    requests_per_second = forms.FloatField(
        label="Requests a second at most", required=False, help_text="Else no limit."
    )

    def __init__(self, *args: Any, stored: SourceRow | None, **more: Any) -> None:
        more["initial"] = _initial(stored) if stored is not None else {}
        super().__init__(*args, **more)
        self._stored = stored
        if stored is not None:
            del self.fields["name"]
            for name in ("password", "bearer_token"):
                if sources.DETAILS[name] in stored.secrets:
                    self.fields[name].help_text = _("One is stored. Leave it empty to keep it.")

    def clean_headers(self) -> dict[str, str]:
        """Return headers by name; an empty text keeps what is stored."""
        found: dict[str, str] = {}
        for line in str(self.cleaned_data["headers"]).splitlines():
            name, colon, value = line.partition(":")
            if not line.strip():
                continue
            if not colon or not name.strip():
                raise forms.ValidationError(_("Write each line as Name: value."))
            found[name.strip()] = value.strip()
            if not value.strip() and not self._holds(f"{_PREFIX}{name.strip()}"):
                said = _("%(name)s has no value, and none is stored.") % {"name": name.strip()}
                raise forms.ValidationError(said)
        return found

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen way to sign in needs."""
        chosen = super().clean() or {}
        login = chosen.get("login")
        if login == BASIC and not chosen.get("username"):
            self.add_error("username", _("Say as which user."))
        for way, name in ((BASIC, "password"), (BEARER, "bearer_token")):
            if login == way and not chosen.get(name) and not self._holds(sources.DETAILS[name]):
                self.add_error(name, _("Give it; none is stored yet."))
        return chosen

    def _holds(self, secret: str) -> bool:
        """Return whether a secret, or a reference to one, is stored."""
        if self._stored is None:
            return False
        settings = self._stored.settings
        shown = {f"{_PREFIX}{name}" for name in settings.get(sources.HEADERS) or {}}
        return secret in self._stored.secrets or secret in settings or secret in shown

    def definition(self) -> SourceDefinition:
        """Return the source that was typed; the form must be valid.

        Raises:
            InvalidError: something in it cannot be.
        """
        name = self._stored.name if self._stored is not None else self.cleaned_data["name"].strip()
        return sources.define(name=name, kind=sources.PROMETHEUS, details=self._details())

    def _details(self) -> dict[str, Any]:
        chosen = dict(self.cleaned_data)
        login = chosen.pop("login")
        details: dict[str, Any] = {
            sources.DETAILS[name]: value.strip() if isinstance(value, str) else value
            for name, value in chosen.items()
            if name in sources.DETAILS and value not in (None, "") and name != "headers"
        }
        ways = {"username": BASIC, "password": BASIC, "bearerToken": BEARER}
        for name, way in ways.items():
            if login != way:
                details.pop(name, None)
                if name in sources.SECRETS and self._stored is not None:
                    details[name] = ""
            elif name not in details and name in self._settings():
                details[name] = self._settings()[name]
        details["headers"] = self._headers(chosen.get("headers") or {})
        return {name: value for name, value in details.items() if value != {}}

    def _headers(self, typed: Mapping[str, str]) -> dict[str, str]:
        """Return what to send for headers: new ones, kept references, empty for those removed."""
        shown = dict(self._settings().get(sources.HEADERS) or {})
        found = {name: value or shown.get(name, "") for name, value in typed.items()}
        found = {name: value for name, value in found.items() if value}
        stored = self._stored.secrets if self._stored is not None else ()
        gone = {each.removeprefix(_PREFIX) for each in stored if each.startswith(_PREFIX)}
        return found | dict.fromkeys(gone - set(typed), "")

    def _settings(self) -> Mapping[str, Any]:
        return self._stored.settings if self._stored is not None else {}


def field_of(path: str) -> str:
    """Return the field that a problem's path speaks of."""
    name = path.removeprefix("spec.connectionDetails.").partition(".")[0]
    return _FIELDS.get(name, name)


def _initial(row: SourceRow) -> dict[str, Any]:
    """Return what a stored source shows in the form; no secret is in it."""
    settings = dict(row.settings)
    shown = {
        snake: settings[camel]
        for snake, camel in sources.DETAILS.items()
        if camel in settings and camel != sources.HEADERS
    }
    headers = {f"{name}: {value}" for name, value in dict(settings.get("headers") or {}).items()}
    headers |= {
        f"{each.removeprefix(_PREFIX)}:" for each in row.secrets if each.startswith(_PREFIX)
    }
    login = NO_LOGIN
    if settings.get("username"):
        login = BASIC
    elif "bearerToken" in {*row.secrets, *settings}:
        login = BEARER
    return shown | {"login": login, "headers": "\n".join(sorted(headers))}
