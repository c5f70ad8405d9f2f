"""Schedules, what they said when, and who stood in for whom."""

from typing import ClassVar

from django.db import models

from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall.domain.escalation import EscalationState

ORIGINS = [(origin.value, origin.value) for origin in Origin]


class Schedule(models.Model):
    """One schedule; who is on call stands in its versions."""

    name = models.CharField(max_length=253, unique=True)
    title = models.CharField(max_length=200, blank=True)
    time_zone = models.CharField(max_length=64)
    owner = models.ForeignKey(
        "identity.Team", null=True, on_delete=models.SET_NULL, related_name="schedules"
    )
    origin = models.CharField(max_length=20, choices=ORIGINS)
    file = models.CharField(max_length=1000, blank=True)
    is_taken_over = models.BooleanField(default=False)
    is_removed = models.BooleanField(
        default=False, help_text="Its past stays; one of that name made later goes on from there."
    )
    newest = models.PositiveIntegerField(default=0, help_text="Number of the newest version.")
    newest_digest = models.CharField(max_length=64, blank=True)
    newest_since = models.DateTimeField(help_text="When the newest version came into force.")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ScheduleVersion(models.Model):
    """A schedule as it stands from an instant on; never changed, only followed by another."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.JSONField(null=True, help_text="As it came; null: it was removed.")
    written = models.JSONField(
        default=list, help_text="When each of the document's overrides was first written."
    )
    digest = models.CharField(max_length=64, help_text="Of document and written.")
    valid_from = models.DateTimeField()
    author = models.CharField(max_length=40, help_text="Kind and id of the actor, never a name.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["schedule", "number"], name="oncall_one_version_per_number"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["digest"], name="oncall_versions_by_digest")]

    def __str__(self) -> str:
        return f"{self.schedule_id} version {self.number}"


class Override(models.Model):
    """Somebody else than the schedule says, made by hand; ended early at most, never changed."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="overrides")
    start = models.DateTimeField()
    end = models.DateTimeField()
    person = models.CharField(max_length=253)
    replaces = models.CharField(max_length=253, blank=True, help_text="Whom; empty: all.")
    joins = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=40, help_text="Kind and id of the actor.")
    ended_at = models.DateTimeField(null=True, help_text="From then on it no longer holds.")
    ended_by = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(end__gt=models.F("start")),
                name="oncall_override_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(start__gte=models.F("created_at")),
                name="oncall_override_leaves_the_past_alone",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["schedule", "end"], name="oncall_overrides_end")]

    def __str__(self) -> str:
        return f"{self.person} from {self.start} to {self.end}"


class CalendarFeed(models.Model):
    """A secret address at which a calendar program reads shifts; told once, kept as a hash."""

    hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12, help_text="First characters, to tell feeds apart.")
    schedule = models.ForeignKey(
        Schedule, null=True, on_delete=models.CASCADE, related_name="feeds"
    )
    person = models.CharField(max_length=253, blank=True, help_text="Whose shifts; empty: all.")
    reader = models.ForeignKey(
        "identity.User", null=True, on_delete=models.CASCADE, related_name="calendar_feeds"
    )
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=40, help_text="Kind and id of the actor.")
    revoked_at = models.DateTimeField(null=True)
    last_read_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(schedule__isnull=False, person="")
                | models.Q(schedule__isnull=True) & ~models.Q(person=""),
                name="oncall_feed_of_a_schedule_or_a_person",
            ),
        ]

    def __str__(self) -> str:
        return self.hint


class ShiftNotice(models.Model):
    """That a person was told of the beginning or the end of a shift: each once."""

    kind = models.CharField(max_length=10, choices=[("start", "start"), ("end", "end")])
    person = models.CharField(max_length=253)
    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="notices")
    at = models.DateTimeField(help_text="When the shift begins or ends.")
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["schedule", "at", "person", "kind"], name="oncall_one_notice_per_turn"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.person} at {self.at}"


class EscalationPolicy(models.Model):
    """Who is paged, one after the other, until somebody answers."""

    name = models.CharField(max_length=253, unique=True)
    owner = models.ForeignKey(
        "identity.Team", null=True, on_delete=models.SET_NULL, related_name="policies"
    )
    document = models.JSONField()
    origin = models.CharField(max_length=20, choices=ORIGINS)
    file = models.CharField(max_length=1000, blank=True)
    is_taken_over = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Escalation(models.Model):
    """Paging for one subject; the policy is the one that held when it began."""

    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=100)
    state = models.CharField(
        max_length=20, choices=[(state.value, state.value) for state in EscalationState]
    )
    reason = models.TextField(blank=True, help_text="Why it stopped.")
    epoch = models.IntegerField(
        default=0, help_text="Grows when it stops; pages of an older one are not sent."
    )
    policy = models.CharField(
        max_length=253, blank=True, help_text="Its name; empty: none was chosen."
    )
    frozen = models.JSONField(default=dict, help_text="The policy's document.")
    urgency = models.CharField(max_length=10)
    title = models.TextField(blank=True)
    service = models.CharField(max_length=253, blank=True)
    url = models.CharField(max_length=2000, blank=True)
    loop = models.IntegerField(default=0)
    step = models.IntegerField(default=0)
    round_paged = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, help_text="When the next step is due; null: never.")
    ended_at = models.DateTimeField(null=True)
    nobody_notified = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id"], name="oncall_one_escalation_per_subject"
            ),
            models.CheckConstraint(
                condition=~models.Q(state=EscalationState.OPEN.value)
                | models.Q(next_at__isnull=False),
                name="oncall_open_escalation_is_due",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state"], name="oncall_escalations_by_state")]

    def __str__(self) -> str:
        return f"escalation of {self.subject_kind} {self.subject_id}"


class Page(models.Model):
    """One call that was decided: a person, by a contact, at a step.

    A room that is told has no person: ``person`` is empty, ``contact`` is its key.
    """

    id = models.CharField(max_length=64, primary_key=True)
    escalation = models.ForeignKey(Escalation, on_delete=models.CASCADE, related_name="pages")
    epoch = models.IntegerField()
    loop = models.IntegerField()
    step = models.IntegerField()
    person = models.CharField(max_length=253)
    rule = models.IntegerField(help_text="Place of the person's rule; -1: stands in for another.")
    contact = models.CharField(max_length=253)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["escalation", "epoch", "loop", "step", "person", "rule", "contact"],
                name="oncall_one_page_per_step_person_rule_contact",
            ),
        ]

    def __str__(self) -> str:
        return self.id


class StepTurn(models.Model):
    """Whose turn it is at a step that pages one of its targets, each in turn."""

    policy = models.CharField(max_length=253)
    step = models.IntegerField()
    place = models.IntegerField(default=0, help_text="Of the target whose turn is next.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["policy", "step"], name="oncall_one_turn_per_step"),
        ]

    def __str__(self) -> str:
        return f"{self.policy} step {self.step}"


class EscalationNote(models.Model):
    """What was decided beside pages, as that a step was skipped and why."""

    escalation = models.ForeignKey(Escalation, on_delete=models.CASCADE, related_name="notes")
    epoch = models.IntegerField()
    loop = models.IntegerField()
    step = models.IntegerField()
    at = models.DateTimeField()
    text = models.TextField()

    def __str__(self) -> str:
        return self.text
