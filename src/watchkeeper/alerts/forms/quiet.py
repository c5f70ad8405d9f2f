"""Forms of silences and inhibitions."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from watchkeeper.alerts.domain.documents import InhibitionSpec, SilenceSpec
from watchkeeper.alerts.forms.matchers import lines, place_of
from watchkeeper.kernel import wall_time
from watchkeeper.kernel.errors import Problem
from watchkeeper.ui.domain.times import Zone
from watchkeeper.ui.forms import WallTime


class SilenceForm(forms.Form):
    """A silence; of one that there is, ``stored``, all but the name can be changed."""

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

    def __init__(
        self, *args: Any, zone: Zone, stored: SilenceSpec | None = None, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.zone, self.stored = zone, stored
        if stored is not None:
            del self.fields["name"]
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
            name=self.stored.name if self.stored else given["name"].strip(),
            match=self.matchers(),
            start=self._instant("start"),
            end=self._instant("end"),
            reason=given["reason"].strip(),
            recurrence=rule,
            time_zone=self.zone.info.key if rule else "",
        )

    def _instant(self, name: str) -> dt.datetime:
        """Return the instant in a field; to the second as it was, where nobody changed it."""
        typed: dt.datetime = self.cleaned_data[name]
        if self.stored is not None and typed == silence_values(self.stored, zone=self.zone)[name]:
            return self.stored.start if name == "start" else self.stored.end
        return wall_time.instant_of(typed, self.zone.info)


def silence_values(spec: SilenceSpec, *, zone: Zone) -> dict[str, Any]:
    """Return what stands in the fields of a silence."""
    return {
        "match": "\n".join(spec.match),
        "name": spec.name,
        "reason": spec.reason,
        "start": _shown(spec.start, zone),
        "end": _shown(spec.end, zone),
        "recurrence": spec.recurrence,
    }


def _shown(instant: dt.datetime, zone: Zone) -> dt.datetime:
    return wall_time.shown_at(instant, zone.info).replace(second=0, microsecond=0)


FIELDS = {"spec.start": "start", "spec.end": "end", "spec.reason": "reason",
          "spec.recurrence": "recurrence", "spec.match": "match"}  # fmt: skip


def field_of(path: str) -> str:
    """Return the field that a fault belongs to."""
    return FIELDS.get(path.partition("[")[0], path if path == "match" else "")


class InhibitionForm(forms.Form):
    """An inhibition."""

    name = forms.CharField(
        max_length=253,
        label=_("Name"),
        help_text=_("Letters, digits and dashes, as cluster-down. Stays as it is."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    source = forms.CharField(
        max_length=100_000,
        label=_("While this is open"),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_('One matcher on each line, all must hold, as alertname="ClusterDown".'),
    )
    target = forms.CharField(
        max_length=100_000,
        label=_("This is quiet"),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_('Likewise, as severity!="critical".'),
    )
    equal = forms.CharField(
        max_length=6_000,
        required=False,
        label=_("With the same"),
        help_text=_("Labels or fields that both share, as cluster. Empty: none need be."),
    )

    def spec(self, name: str = "") -> InhibitionSpec:
        """Return the inhibition that was typed, right or wrong; ``name`` of one that there is."""

        def text(field: str) -> str:
            return str(self.data.get(field, "")).strip()

        return InhibitionSpec(
            name=name or text("name"),
            source=tuple(line for _number, line in lines(text("source"))),
            target=tuple(line for _number, line in lines(text("target"))),
            equal=tuple(text("equal").replace(",", " ").split()),
        )

    def tell(self, problems: Iterable[Problem]) -> None:
        """Say what is wrong beside the field that it is about, with the line of a matcher."""
        told = set(self.errors)
        for problem in problems:
            name, words = place_of(problem, self.data)
            if name not in told:
                self.add_error(name if name in self.fields else None, words)


def inhibition_values(spec: InhibitionSpec) -> dict[str, str]:
    """Return what stands in the fields of an inhibition."""
    return {
        "name": spec.name,
        "source": "\n".join(spec.source),
        "target": "\n".join(spec.target),
        "equal": " ".join(spec.equal),
    }
