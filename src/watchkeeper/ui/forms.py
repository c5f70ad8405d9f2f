"""The form of the kit page, with a mistake in it."""

from django import forms


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
