"""How people are reached, and what was sent to them."""

from typing import ClassVar

from django.db import models

from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications.domain.contacts import CHANNELS, URGENCIES
from watchkeeper.notifications.domain.outcomes import DeliveryState, Outcome

ORIGINS = [(origin.value, origin.value) for origin in Origin]


class Paging(models.Model):
    """That a person's contacts were set up, and where that came from."""

    user = models.OneToOneField("identity.User", on_delete=models.CASCADE, related_name="paging")
    origin = models.CharField(max_length=20, choices=ORIGINS, default=Origin.UI.value)
    file = models.CharField(max_length=1000, blank=True, help_text="The file that it came from.")
    notices = models.JSONField(
        default=dict, help_text="Notices as a document has them; empty: as usual."
    )
    quiet_from = models.TimeField(null=True, help_text="Wall time; null: no quiet hours.")
    quiet_to = models.TimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | models.Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="notifications_quiet_hours_have_both_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"contacts of {self.user_id}"


class Contact(models.Model):
    """One way to reach a person, or a room that a policy tells and nobody in particular is behind.

    A person's address is their own; others see it masked.
    """

    user = models.ForeignKey(
        "identity.User", null=True, on_delete=models.CASCADE, related_name="contacts"
    )
    holder = models.CharField(
        max_length=300, blank=True, help_text="What tells the room; empty: it is a person's."
    )
    name = models.CharField(max_length=253, help_text="Of a room its key.")
    title = models.CharField(max_length=400, blank=True, help_text="What people call a room.")
    retired_at = models.DateTimeField(
        null=True, help_text="Since when nothing new tells a room; null: its holder does."
    )
    position = models.IntegerField(default=0)
    channel = models.CharField(max_length=20, choices=[(each, each) for each in CHANNELS])
    address = models.CharField(max_length=2000)
    verified = models.BooleanField(
        default=False, help_text="An admin says so, or the person proved it by a code."
    )
    proved_at = models.DateTimeField(
        null=True, help_text="When the person typed a code that was sent there."
    )
    is_by_admin = models.BooleanField(
        default=False, help_text="An admin set the address, which may be internal."
    )
    sealed_secret = models.TextField(
        blank=True, help_text="Signs what is sent; never shown again."
    )
    failed_at = models.DateTimeField(
        null=True, help_text="Since when it is refused for good; null: it is not."
    )
    failure = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "name"], name="notifications_one_contact_per_name"
            ),
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(user__isnull=True),
                name="notifications_one_room_per_key",
            ),
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, holder="")
                | models.Q(user__isnull=True) & ~models.Q(holder=""),
                name="notifications_contact_of_a_person_or_a_room",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.user_id or self.holder}"


class SentCode(models.Model):
    """A code that was sent to a contact; the code itself is stored nowhere."""

    page_id = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey("identity.User", on_delete=models.CASCADE, related_name="sent_codes")
    contact = models.CharField(max_length=253)
    place = models.CharField(max_length=32, help_text="Stands for channel and address.")
    at = models.DateTimeField()
    tries = models.IntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["place", "at"], name="notifications_codes_by_place"),
        ]

    def __str__(self) -> str:
        return self.page_id


class ContactRule(models.Model):
    """When a contact is called for a page of an urgency."""

    user = models.ForeignKey(
        "identity.User", on_delete=models.CASCADE, related_name="contact_rules"
    )
    urgency = models.CharField(max_length=10, choices=[(each, each) for each in URGENCIES])
    position = models.IntegerField()
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="rules")
    after_seconds = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "urgency", "position"], name="notifications_one_rule_per_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.urgency} {self.position} of {self.user_id}"


class Delivery(models.Model):
    """One page to one contact, on its way or at its end."""

    page_id = models.CharField(max_length=64, unique=True)
    group = models.CharField(
        max_length=200, help_text="Deliveries that stand in for each other share it."
    )
    user = models.ForeignKey(
        "identity.User", null=True, on_delete=models.SET_NULL, related_name="deliveries"
    )
    contact = models.CharField(max_length=253, blank=True)
    channel = models.CharField(
        max_length=20, blank=True, help_text="Of the contact as it was; empty: it was not there."
    )
    due_at = models.DateTimeField()
    state = models.CharField(
        max_length=20,
        choices=[(state.value, state.value) for state in DeliveryState],
        default=DeliveryState.SCHEDULED.value,
    )
    reason = models.TextField(blank=True)
    message = models.JSONField(default=dict)
    tries = models.IntegerField(default=0, help_text="Attempts that failed.")
    bundle = models.CharField(
        max_length=64, blank=True, help_text="The call that it shares; empty: one of its own."
    )
    held_until = models.DateTimeField(
        null=True, help_text="When it goes at the latest; null: nobody told it to wait."
    )
    is_test = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["group"], name="notifications_by_group"),
            models.Index(fields=["state", "due_at"], name="notifications_by_state"),
            models.Index(fields=["user", "-due_at"], name="notifications_by_person"),
            models.Index(
                fields=["bundle"],
                condition=~models.Q(bundle=""),
                name="notifications_by_bundle",
            ),
            models.Index(
                fields=["user", "contact", "due_at"],
                condition=models.Q(state=DeliveryState.SCHEDULED.value),
                name="notifications_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.page_id


class Pace(models.Model):
    """What a contact was told lately, so that what follows can wait for it."""

    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, related_name="pace")
    calls = models.JSONField(
        default=list, help_text="Key, start in ms and gravest thing by service, of each call."
    )

    def __str__(self) -> str:
        return f"pace of {self.contact_id}"


class Attempt(models.Model):
    """One call of a channel. Written before the call: a crash in it leaves it unknown."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(
        max_length=20,
        choices=[(outcome.value, outcome.value) for outcome in Outcome],
        default=Outcome.UNKNOWN.value,
    )
    detail = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.outcome} at {self.at}"
