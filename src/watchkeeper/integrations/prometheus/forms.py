"""Forms of the first run."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from watchkeeper.telemetry.forms import SourceForm

_ASKED = ("url", "name", "login", "username", "password", "bearer_token", "tenant")


class FirstSourceForm(SourceForm):
    """The few things that a first source needs; the rest is set on its own page."""

    field_order = _ASKED

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, stored=None, **more)
        for name in set(self.fields) - set(_ASKED):
            del self.fields[name]
        self.fields["name"].initial = "prometheus"


class OwnerForm(forms.Form):
    """Who owns each service, a field each."""

    def __init__(
        self,
        data: Any = None,
        *,
        services: Sequence[str],
        teams: Sequence[tuple[str, str]],
        owned: dict[str, str],
    ) -> None:
        super().__init__(data)
        for place, service in enumerate(services):
            self.fields[f"owner-{place}"] = forms.ChoiceField(
                label=service,
                required=False,
                choices=[("", _("Nobody yet")), *teams],
                initial=owned.get(service, ""),
            )
        self._services = services

    def owners(self) -> dict[str, str]:
        """Return the chosen teams by service; the form must be valid."""
        chosen = {
            service: str(self.cleaned_data[f"owner-{place}"])
            for place, service in enumerate(self._services)
        }
        return {service: team for service, team in chosen.items() if team}
