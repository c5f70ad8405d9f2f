"""Forms of identity."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from allauth.account.forms import ChangePasswordForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from watchkeeper.identity import queries, usecases
from watchkeeper.identity.models import User
from watchkeeper.kernel import clock
from watchkeeper.kernel.actors import Role

_ROLES = {
    Role.VIEWER: "Viewer: reads",
    Role.RESPONDER: "Responder: reads, acts on alerts and incidents",
    Role.EDITOR: "Editor: changes what there is",
    Role.MANAGER: "Manager: changes teams and their people too",
    Role.ADMIN: "Admin: everything",
    Role.AUDITOR: "Auditor: reads everything, the audit log too, changes nothing",
}
ROLES = tuple((role.value, words) for role, words in _ROLES.items())
LENGTHS = (("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "1 year"))


class LinkForm(forms.Form):
    """Chooses a password, and at set-up a name."""

    name = forms.CharField(max_length=253, required=False)
    password = forms.CharField(max_length=256, widget=forms.PasswordInput, strip=False)


class PersonForm(forms.Form):
    """A person who may sign in."""

    name = forms.CharField(
        max_length=253,
        help_text="Small letters, digits and dashes, as alice. Stays as it is.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.EmailField(required=False, label="E-mail")
    role = forms.ChoiceField(
        choices=ROLES, help_text="In the whole organisation; teams may give more."
    )
    is_active = forms.BooleanField(
        required=False,
        initial=True,
        label="May sign in",
        help_text="Without it, open sessions and this person's tokens end at once.",
    )

    def __init__(self, *args: Any, is_new: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        del self.fields["is_active" if is_new else "name"]


class TokenForm(forms.Form):
    """A key for a program."""

    name = forms.CharField(
        max_length=253,
        help_text="What uses it, as deploy-pipeline.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(choices=ROLES)
    team = forms.ChoiceField(
        required=False, help_text="With a team, the token may act only on what that team owns."
    )
    days = forms.ChoiceField(choices=LENGTHS, initial="90", label="Lasts")

    def __init__(
        self, *args: Any, teams: Sequence[tuple[str, str]], is_admin: bool, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        everywhere = [("", "The whole organisation")] if is_admin else []
        self.fields["team"].choices = [*everywhere, *teams]  # type: ignore[attr-defined]
        self.fields["team"].required = not is_admin


class TeamForm(forms.Form):
    """People who own services together."""

    name = forms.CharField(
        max_length=253,
        help_text="As in YAML and addresses: checkout. Stays as it is.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    title = forms.CharField(max_length=200, required=False, help_text="As people say it.")
    description = forms.CharField(
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What it answers for, and how it is reached.",
    )

    def __init__(self, *args: Any, is_new: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        if not is_new:
            del self.fields["name"]


class MemberForm(forms.Form):
    """Somebody in a team."""

    person = forms.ChoiceField()
    role = forms.ChoiceField(
        required=False,
        choices=(("", "Their own role"), *ROLES[:4]),
        help_text="Holds for what this team owns.",
    )

    def __init__(self, *args: Any, people: Sequence[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["person"].choices = [("", ""), *people]  # type: ignore[attr-defined]


class AccountForm(forms.Form):
    """What everybody may change of themselves."""

    display_name = forms.CharField(
        label="Name", max_length=200, required=False, help_text="As people call you."
    )
    email = forms.EmailField(label="E-mail", required=False)
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=lambda: [(name, name.replace("_", " ")) for name in sorted(available_timezones())],
        help_text="Times on every page are written in it.",
    )


def begin_attempt(request: HttpRequest, *, what: str, login: str) -> usecases.Attempt:
    """Count a try at a password or code before it is looked at.

    Raises:
        ValidationError: it must wait; the answer gets the status and the header that say so.
    """
    cookie = request.COOKIES.get(settings.WATCHKEEPER_DEVICE_COOKIE, "")
    try:
        return usecases.begin_attempt(
            what=what,
            login=login,
            address=str(getattr(request, "client_address", "")),
            device=queries.device_in(cookie, user_id=queries.user_id_by_login(login)),
            now=clock.now(),
        )
    except usecases.TooManyTriesError as error:
        request.wait_seconds = error.retry_after_seconds  # type: ignore[attr-defined]
        raise ValidationError(error.message, code="too_many_tries") from error


def is_code(text: str) -> bool:
    """Return whether ``text`` looks like a code, which is all digits, and not like a password."""
    return text.replace(" ", "").replace("-", "").isdigit()


def matching_code(request: HttpRequest, user: User, code: str) -> Authenticator | None:
    """Return what ``code`` is the code of; used up by that. ``None``: of nothing, or used before.

    Raises:
        ValidationError: too many wrong ones came.
    """
    attempt = begin_attempt(request, what="code", login=user.name)
    spent = code.strip().replace(" ", "").replace("-", "")
    for authenticator in Authenticator.objects.filter(user=user):
        if not authenticator.wrap().validate_code(code):
            continue
        if not usecases.claim_code(user_id=user.pk, code=spent, now=clock.now()):
            return None
        usecases.attempt_succeeded(attempt)
        authenticator.user = user
        return authenticator
    return None


class _CodeForm(forms.Form):
    """How a code is judged, at sign-in and afterwards."""

    user: Any
    authenticator: Authenticator

    def clean_code(self) -> str:
        """Return the code if it opens."""
        code: str = self.cleaned_data["code"]
        found = matching_code(context.request, self.user, code)
        if found is None:
            raise ValidationError("The code is not right, or was used before; wait for the next.")
        self.authenticator = found
        return code


class SecondFactorForm(_CodeForm, AuthenticateForm):  # type: ignore[misc]
    """The code that is asked for after the password."""


class CodeAgainForm(_CodeForm, ReauthenticateForm):  # type: ignore[misc]
    """The code that is asked for before something that opens further doors."""


class NewPasswordForm(ChangePasswordForm):  # type: ignore[misc]
    """Another password, for whoever knows the one that holds."""

    def clean_oldpassword(self) -> str:
        """Return the old password if it is right; wrong ones are counted as at sign-in."""
        attempt = begin_attempt(context.request, what="password", login=self.user.name)
        old: str = super().clean_oldpassword()
        usecases.attempt_succeeded(attempt)
        return old
