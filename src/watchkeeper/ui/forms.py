"""Fields that forms of several slices have, and the form of the kit page, with a mistake in it."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]


class WallTime(forms.DateTimeField):
    """A wall-clock time; the form says in which zone."""

    def __init__(self, **more: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_FORMATS[0])
        super().__init__(widget=widget, input_formats=_FORMATS, **more)

    def to_python(self, value: Any) -> Any:
        """Return the naive time that was typed."""
        if value in self.empty_values:
            return None
        for form in _FORMATS:
            try:
                return dt.datetime.strptime(str(value).strip(), form)  # noqa: DTZ007  wall clock
            except ValueError:
                continue
        raise forms.ValidationError(_("Write it as 2026-03-02 14:30."), code="invalid")


class KitForm(forms.Form):
    """Every kind of control that screens use."""

    objective = forms.DecimalField(
        max_value=99,
        initial=99,
        help_text="Over 30 days 99.9 % allows 43.2 minutes.",
        error_messages={
            "max_value": "100 %% leaves no budget, so nothing could ever be changed. "
            "Use 99.99 or less."
        },
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    service = forms.CharField(help_text="As in the catalogue, for example checkout.")
    no_data = forms.ChoiceField(
        label="No data",
        choices=[("ignore", "Ignore and show coverage"), ("bad", "Count as bad")],
        help_text="What a minute without data means.",
    )
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    budgeting = forms.ChoiceField(
        widget=forms.RadioSelect, choices=[("o", "Occurrences"), ("t", "Timeslices")], initial="o"
    )
    notify = forms.BooleanField(
        label="Open a ticket when it burns slowly", required=False, help_text="Wakes nobody."
    )
