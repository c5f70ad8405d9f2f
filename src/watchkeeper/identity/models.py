"""People with accounts, their teams and what opens the door for them."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from watchkeeper.kernel.actors import Role
from watchkeeper.kernel.origins import Origin

ROLES = [(role.value, role.value) for role in Role]
ORIGINS = [(origin.value, origin.value) for origin in Origin]


class UserManager(BaseUserManager["User"]):
    """Finds a user by the name they sign in with."""


class User(AbstractBaseUser):
    """A person; may sign in once a password is set."""

    name = models.CharField(max_length=253, unique=True)
    display_name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    role = models.CharField(
        max_length=20,
        choices=ROLES,
        default=Role.VIEWER.value,
        help_text="admin and auditor hold for the organisation; others are taken into teams.",
    )
    time_zone = models.CharField(max_length=64, default="UTC")
    locale = models.CharField(max_length=20, default="en")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    origin = models.CharField(max_length=20, choices=ORIGINS, default=Origin.UI.value)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "name"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """People who own services together."""

    name = models.CharField(max_length=253, unique=True)
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    origin = models.CharField(max_length=20, choices=ORIGINS, default=Origin.UI.value)
    is_taken_over = models.BooleanField(
        default=False, help_text="Came from a file once and is kept here now."
    )
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user in a team; an empty role means the user's own."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=ROLES, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["team", "user"], name="identity_one_membership"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.team_id}"


class ApiToken(models.Model):
    """What opens the API; shown once, kept only as a keyed hash."""

    name = models.CharField(max_length=253)
    hint = models.CharField(max_length=12, help_text="First characters, to tell tokens apart.")
    hash = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=20, choices=ROLES)
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="tokens")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="tokens"
    )
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(revoked_at__isnull=True),
                name="identity_one_live_token_per_name",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class OneTimeLink(models.Model):
    """A link that works once: to set up, to join, to sign in."""

    purpose = models.CharField(max_length=20)
    hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="links")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.purpose} link"


class WebSession(models.Model):
    """A browser that somebody is signed in with; without its row the cookie opens nothing."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="Last used, to the minute.")
    confirmed_at = models.DateTimeField(
        help_text="When the person last proved who they are, by password or code."
    )
    address = models.CharField(max_length=64, blank=True)
    browser = models.CharField(max_length=300, blank=True, help_text="As it names itself.")

    def __str__(self) -> str:
        return f"session {self.pk} of {self.user_id}"


class SignInTries(models.Model):
    """Wrong passwords or codes in a row, by account, address or known browser.

    The key is a keyed hash, alike for accounts that exist and those that do not.
    """

    key = models.CharField(max_length=80, unique=True)
    failures = models.IntegerField(default=0)
    last_at = models.DateTimeField()
    wait_until_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.failures} wrong tries"


class UsedCode(models.Model):
    """A code of a second factor that was used; it opens nothing again, on any node."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="used_codes")
    hash = models.CharField(max_length=64)
    used_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "hash"], name="identity_code_once"),
        ]

    def __str__(self) -> str:
        return f"code of {self.user_id}"


class LimitReached(models.Model):
    """Requests that were refused because somebody came too often, gathered by caller.

    Exactly one of token and address is filled.
    """

    token = models.OneToOneField(
        ApiToken, null=True, on_delete=models.CASCADE, related_name="limit_reached"
    )
    address = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001  NULL is unlike NULL
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    refused = models.BigIntegerField(default=0, help_text="Requests of this episode, at least.")

    def __str__(self) -> str:
        return f"{self.refused} refused"
