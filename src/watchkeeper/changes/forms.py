"""What people type about maintenance."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from watchkeeper.changes.domain.documents import MaintenanceSpec
from watchkeeper.ui.domain.times import Zone
from watchkeeper.ui.forms import WallTime

_SEPARATORS = re.compile(r"[\s,]+")


class MaintenanceForm(forms.Form):
    """A maintenance window."""

    name = forms.CharField(
        max_length=200, label=_("Name"), help_text=_("As in move-of-the-database.")
    )
    services = forms.CharField(
        max_length=10_000,
        label=_("Services"),
        help_text=_("Their names, with spaces or commas between them."),
    )
    start = WallTime(label=_("From"))
    end = WallTime(label=_("To"))
    time_zone = forms.CharField(
        max_length=100, label=_("Time zone"), help_text=_("By whose clocks, as Europe/Berlin.")
    )
    recurrence = forms.CharField(
        max_length=500,
        required=False,
        label=_("Comes again"),
        help_text=_("Empty: it does not. A rule as FREQ=WEEKLY or FREQ=MONTHLY;BYDAY=1SU."),
    )
    exclude = forms.BooleanField(
        required=False, label=_("Its minutes do not count for the SLOs of these services")
    )
    reason = forms.CharField(
        max_length=1_000,
        required=False,
        label=_("Why"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For those who look at an alert meanwhile."),
    )

    def __init__(self, *args: Any, zone: Zone, **more: Any) -> None:
        super().__init__(*args, **more)
        self.initial.setdefault("time_zone", zone.info.key)

    def spec(self) -> MaintenanceSpec:
        """Return the window that was typed."""
        given = self.cleaned_data
        return MaintenanceSpec(
            name=given["name"].strip(),
            services=tuple(filter(None, _SEPARATORS.split(given["services"]))),
            start=given["start"].isoformat(),
            end=given["end"].isoformat(),
            time_zone=given["time_zone"].strip(),
            recurrence=given["recurrence"].strip(),
            exclude=given["exclude"],
            reason=given["reason"].strip(),
        )


FIELDS = {
    "spec.services": "services",
    "spec.start": "start",
    "spec.end": "end",
    "spec.timeZone": "time_zone",
    "spec.recurrence": "recurrence",
    "spec.reason": "reason",
    "metadata.name": "name",
}
