"""Forms of identity."""

from django import forms


class LinkForm(forms.Form):
    """Chooses a password, and at set-up a name."""

    name = forms.CharField(max_length=253, required=False)
    password = forms.CharField(max_length=256, widget=forms.PasswordInput, strip=False)
