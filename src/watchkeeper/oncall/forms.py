"""What people type about who is on call."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from watchkeeper.kernel import wall_time
from watchkeeper.oncall.usecases import WantedOverride
from watchkeeper.ui.domain.times import Zone
from watchkeeper.ui.forms import WallTime


class DocumentForm(forms.Form):
    """A schedule as code."""

    document = forms.CharField(
        label=_("Document"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "wk-mono"}),
        help_text=_("One document of kind Schedule, as YAML. Times without a zone are wall time."),
    )


class OverrideForm(forms.Form):
    """Somebody who stands in."""

    person = forms.CharField(max_length=253, label=_("Who is on call"))
    start = WallTime(label=_("From"))
    end = WallTime(label=_("To"))
    replaces = forms.CharField(
        max_length=253,
        required=False,
        label=_("Instead of"),
        help_text=_("A name; empty: everybody who is on call then."),
    )
    add = forms.BooleanField(required=False, label=_("Joins those who are on call"))

    def __init__(self, *args: Any, zone: Zone, **more: Any) -> None:
        super().__init__(*args, **more)
        self.zone = zone
        self.fields["start"].help_text = _("In %(zone)s time. One that is past means now.") % {
            "zone": zone.city
        }

    def wanted(self, schedule: str) -> WantedOverride:
        """Return the override that was typed."""
        given = self.cleaned_data
        return WantedOverride(
            schedule=schedule,
            start=wall_time.instant_of(given["start"], self.zone.info),
            end=wall_time.instant_of(given["end"], self.zone.info),
            person=given["person"].strip(),
            replaces=given["replaces"].strip() or None,
            joins=given["add"],
        )
