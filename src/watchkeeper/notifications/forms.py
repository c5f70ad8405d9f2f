"""What people type about their contacts and rules."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from watchkeeper.kernel import lengths
from watchkeeper.notifications.domain.contacts import URGENCIES, ContactSpec, RuleSpec
from watchkeeper.notifications.domain.day_hours import DayHours
from watchkeeper.notifications.queries import ContactRow, PagingRow

CHANNEL_WORDS = {
    "email": gettext_lazy("E-mail"),
    "sms": gettext_lazy("Text message"),
    "voice": gettext_lazy("Phone call"),
    "ntfy": gettext_lazy("ntfy"),
    "slack": gettext_lazy("Slack"),
    "teams": gettext_lazy("Teams"),
    "webhook": gettext_lazy("Webhook"),
    "apprise": gettext_lazy("Apprise"),
}
ADDRESS_HELP = gettext_lazy(
    "E-mail: alice@example.org. Text and call: +4915112345678. Slack: the member's id, as "
    "U012AB3CD. ntfy: a topic that nobody guesses. Teams and webhook: an https address. "
    "Apprise, by admins only: tgram://TOKEN/CHAT."
)


class NewContactForm(forms.Form):
    """A contact."""

    name = forms.CharField(
        max_length=253,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Small letters, digits and dashes, as phone. Stays as it is."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    channel = forms.ChoiceField(label=gettext_lazy("How"))
    address = forms.CharField(max_length=2000, label=gettext_lazy("Where"), help_text=ADDRESS_HELP)

    def __init__(self, *args: Any, wired: frozenset[str], **more: Any) -> None:
        super().__init__(*args, **more)
        channel = self.fields["channel"]
        assert isinstance(channel, forms.ChoiceField)
        channel.choices = [
            (
                name,
                words
                if name in wired
                else _("%(channel)s (not set up here)") % {"channel": words},
            )
            for name, words in CHANNEL_WORDS.items()
        ]

    def spec(self) -> ContactSpec:
        """Return the contact that was typed."""
        given = self.cleaned_data
        return ContactSpec(given["name"].strip(), given["channel"], given["address"].strip())


class AddressForm(forms.Form):
    """Where a contact leads."""

    address = forms.CharField(max_length=2000, label=gettext_lazy("Where"), help_text=ADDRESS_HELP)


class RulesForm(forms.Form):
    """For each contact and urgency: how long after the page it is called."""

    def __init__(self, *args: Any, row: PagingRow, **more: Any) -> None:
        super().__init__(*args, **more)
        for name, words, moment in (
            ("quiet_from", _("Quiet from"), row.quiet.start if row.quiet else None),
            ("quiet_to", _("Quiet until"), row.quiet.end if row.quiet else None),
        ):
            self.fields[name] = forms.TimeField(
                required=False,
                label=words,
                initial=moment,
                widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            )
        self._contacts: Sequence[ContactRow] = row.contacts
        for place, contact in enumerate(row.contacts):
            for urgency in URGENCIES:
                told = [
                    lengths.write(rule.after)
                    for rule in row.rules.get(urgency, ())
                    if rule.contact == contact.name
                ]
                self.fields[f"{urgency}_{place}"] = forms.CharField(
                    required=False,
                    max_length=100,
                    initial=", ".join(told),
                    label=_("%(contact)s, %(urgency)s urgency")
                    % {"contact": contact.name, "urgency": _(urgency)},
                    widget=forms.TextInput(attrs={"autocomplete": "off", "size": "12"}),
                )

    def rows(self) -> list[tuple[ContactRow, list[forms.BoundField]]]:
        """Return each contact with its fields."""
        return [
            (contact, [self[f"{urgency}_{place}"] for urgency in URGENCIES])
            for place, contact in enumerate(self._contacts)
        ]

    def clean(self) -> dict[str, Any]:
        """Read the lengths, and say beside each which cannot be read."""
        given = super().clean() or self.cleaned_data
        self._read: dict[str, list[dt.timedelta]] = {}
        if (given.get("quiet_from") is None) != (given.get("quiet_to") is None):
            self.add_error("quiet_to", _("Quiet hours need both, or none."))
        for name, text in list(given.items()):
            if name.startswith("quiet_"):
                continue
            found = [lengths.read(part.strip()) for part in text.split(",") if part.strip()]
            if any(each is None for each in found):
                self.add_error(name, _("Write lengths as 0m, 5m or 1h, with commas between."))
            self._read[name] = [each for each in found if each is not None]
        return given

    def quiet(self) -> DayHours | None:
        """Return the quiet hours that were typed; ``None``: none."""
        start, end = self.cleaned_data.get("quiet_from"), self.cleaned_data.get("quiet_to")
        return DayHours(start, end) if start is not None and end is not None else None

    def rules(self) -> dict[str, list[RuleSpec]]:
        """Return the rules that were typed, the soonest first."""
        return {
            urgency: sorted(
                (
                    RuleSpec(contact.name, after)
                    for place, contact in enumerate(self._contacts)
                    for after in self._read.get(f"{urgency}_{place}", ())
                ),
                key=lambda rule: rule.after,
            )
            for urgency in URGENCIES
        }
