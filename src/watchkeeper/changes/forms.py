"""What people type about maintenance."""

import datetime as dt
import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from watchkeeper.changes.domain.documents import MaintenanceSpec
from watchkeeper.kernel import wall_time
from watchkeeper.ui.domain import times
from watchkeeper.ui.domain.times import Zone
from watchkeeper.ui.forms import WallTime

_SEPARATORS = re.compile(r"[\s,]+")


class MaintenanceForm(forms.Form):
    """A maintenance window; of one that there is, ``stored``, all but the name can be changed."""

    known = forms.CharField(required=False, widget=forms.HiddenInput)

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

    def __init__(
        self, *args: Any, zone: Zone, stored: MaintenanceSpec | None = None, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.initial.setdefault("time_zone", zone.info.key)
        self.stored = stored
        if stored is not None:
            del self.fields["name"]

    def spec(self) -> MaintenanceSpec:
        """Return the window that was typed."""
        given = self.cleaned_data
        return MaintenanceSpec(
            name=self.stored.name if self.stored else given["name"].strip(),
            services=tuple(filter(None, _SEPARATORS.split(given["services"]))),
            start=self._written("start"),
            end=self._written("end"),
            time_zone=given["time_zone"].strip(),
            recurrence=given["recurrence"].strip(),
            exclude=given["exclude"],
            reason=given["reason"].strip(),
        )

    def _written(self, name: str) -> str:
        """Return the time in a field as it is kept: as it was written, where nobody changed it."""
        typed = self.cleaned_data[name]
        if self.stored is not None and typed == maintenance_values(self.stored)[name]:
            return self.stored.start if name == "start" else self.stored.end
        return str(typed.isoformat())


def maintenance_values(spec: MaintenanceSpec) -> dict[str, Any]:
    """Return what stands in the fields of a window."""
    return {
        "name": spec.name,
        "services": ", ".join(spec.services),
        "start": _shown(spec.start, spec.time_zone),
        "end": _shown(spec.end, spec.time_zone),
        "time_zone": spec.time_zone,
        "recurrence": spec.recurrence,
        "exclude": spec.exclude,
        "reason": spec.reason,
    }


def _shown(text: str, zone: str) -> dt.datetime:
    """Return the wall time that a written time means, to the minute."""
    time = dt.datetime.fromisoformat(text)
    if time.tzinfo is not None:
        time = wall_time.shown_at(time, times.zone(zone).info)
    return time.replace(second=0, microsecond=0)


FIELDS = {
    "spec.services": "services",
    "spec.start": "start",
    "spec.end": "end",
    "spec.timeZone": "time_zone",
    "spec.recurrence": "recurrence",
    "spec.reason": "reason",
    "metadata.name": "name",
}
