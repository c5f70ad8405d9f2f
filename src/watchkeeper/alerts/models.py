"""What came, what it opened, and the rules that decide: integrations, events, alerts, routes."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from watchkeeper.alerts.domain.events import Action, Severity, Urgency
from watchkeeper.alerts.domain.lifecycle import AlertState, Verdict
from watchkeeper.alerts.domain.page_verdicts import PageVerdict, Why
from watchkeeper.kernel.origins import Origin

ORIGINS = [(origin.value, origin.value) for origin in Origin]
STATES = [(state.value, state.value) for state in AlertState]
VERDICTS = [(verdict.value, verdict.value) for verdict in Verdict]
ACTIONS = [(action.value, action.value) for action in Action]
SEVERITIES = [(severity.value, severity.value) for severity in Severity]
PAGE_VERDICTS = [(verdict.value, verdict.value) for verdict in PageVerdict]
WHYS = [(why.value, why.value) for why in Why]
URGENCIES = [(urgency.value, urgency.value) for urgency in Urgency]


class Integration(models.Model):
    """A sender, and the keys that it may post with."""

    name = models.CharField(max_length=253, unique=True)
    kind = models.CharField(max_length=40)
    service_name = models.CharField(max_length=253, blank=True, help_text="Where it says none.")
    scope = models.CharField(
        max_length=253, help_text="Integrations of one scope share their dedup keys."
    )
    settings = models.JSONField(default=dict, help_text="What its kind wants to know.")
    key_reference = models.CharField(
        max_length=500, blank=True, help_text="Where its key is kept; empty: we made it."
    )
    origin = models.CharField(max_length=20, choices=ORIGINS)
    file = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class IntegrationKey(models.Model):
    """A key that opens the door; two are valid while senders are changed over."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="keys")
    hash = models.CharField(max_length=64, unique=True, help_text="Keyed hash, for look-up.")
    sealed = models.TextField(help_text="Encrypted, so that it can be shown again.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, help_text="Null: until it is replaced.")

    def __str__(self) -> str:
        return f"key {self.pk} of {self.integration_id}"


class InboundRequest(models.Model):
    """What a sender posted, as it came."""

    integration = models.ForeignKey(
        Integration, null=True, on_delete=models.SET_NULL, db_index=False
    )
    received_at = models.DateTimeField()
    door = models.CharField(max_length=60, help_text="By which it came, as pagerduty.")
    content_type = models.CharField(max_length=200, blank=True)
    body = models.BinaryField()
    body_hash = models.CharField(max_length=64, help_text="SHA-256 of the body, in hex.")
    kept = models.JSONField(
        default=dict, help_text="What of its path, query and headers is needed to read it again."
    )
    replay_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, db_index=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["received_at"], name="alerts_requests_by_time"),
            models.Index(fields=["integration", "-id"], name="alerts_requests_of_each"),
        ]

    def __str__(self) -> str:
        return f"request {self.pk}"


class Alert(models.Model):
    """One condition that a person should know of; one is open per scope and key."""

    integration = models.ForeignKey(
        Integration, null=True, on_delete=models.SET_NULL, db_index=False
    )
    scope = models.CharField(max_length=253)
    key = models.CharField(max_length=512)
    episode = models.CharField(max_length=200, blank=True)
    service_name = models.CharField(max_length=253, blank=True)
    state = models.CharField(max_length=20, choices=STATES)
    severity = models.CharField(max_length=20, choices=SEVERITIES)
    urgency = models.CharField(max_length=10, choices=URGENCIES)
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    url = models.CharField(max_length=2000, blank=True)
    runbook_url = models.CharField(max_length=2000, blank=True)
    labels = models.JSONField(default=dict)
    route = models.CharField(max_length=253, blank=True)
    policy = models.CharField(max_length=253, blank=True)
    placed_because = models.CharField(max_length=1000, blank=True)
    count = models.PositiveIntegerField(default=1, help_text="How often it was told.")
    started_at = models.DateTimeField(null=True, help_text="As the sender says; null: unknown.")
    opened_at = models.DateTimeField(help_text="When its first event came.")
    last_event_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(
        max_length=40, blank=True, help_text="Kind and id, no name."
    )
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=40, blank=True, help_text="Kind and id, or sender.")
    muted_by = models.CharField(
        max_length=300,
        blank=True,
        help_text="Name of the silence, maintenance:NAME or inhibition:NAME.",
    )
    muted_until = models.DateTimeField(null=True, help_text="Null: it is not kept quiet.")
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="merged", db_index=False,
        help_text="Where its later events count while that is open; null: it was not merged.",
    )  # fmt: skip
    led_by = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="led", db_index=False,
        help_text="The first alert of its group, itself maybe; null: it is in none.",
    )  # fmt: skip
    flapping_until = models.DateTimeField(
        null=True, help_text="When it is quiet if nothing changes; null: it does not flap."
    )
    is_over = models.BooleanField(
        default=False, help_text="Of one that flaps: whether its sender says that it is over."
    )
    inhibited_by = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="inhibits", db_index=False,
        help_text="The alert whose end lets it page; null: none, or it was not stored yet.",
    )  # fmt: skip
    pages_again_at = models.DateTimeField(
        null=True, help_text="When it fires anew unless it ended; null: it does not wait for that."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scope", "key"],
                condition=~Q(state=AlertState.RESOLVED.value),
                name="alerts_one_open_per_scope_and_key",
            ),
            models.CheckConstraint(
                condition=~Q(state=AlertState.SNOOZED.value) | Q(pages_again_at__isnull=False),
                name="alerts_snoozed_wakes",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["-id"],
                condition=~Q(state=AlertState.RESOLVED.value),
                name="alerts_open_newest_first",
            ),
            models.Index(
                fields=["scope", "key", "episode"],
                condition=~Q(episode=""),
                name="alerts_by_episode",
            ),
            models.Index(
                fields=["muted_until"],
                condition=Q(muted_until__isnull=False),
                name="alerts_kept_quiet",
            ),
            models.Index(
                fields=["pages_again_at"],
                condition=Q(pages_again_at__isnull=False),
                name="alerts_page_again",
            ),
            models.Index(
                fields=["inhibited_by"],
                condition=Q(inhibited_by__isnull=False),
                name="alerts_inhibited_by_one",
            ),
            models.Index(
                fields=["flapping_until"],
                condition=Q(flapping_until__isnull=False),
                name="alerts_flapping",
            ),
            models.Index(
                fields=["scope", "key", "opened_at"],
                condition=Q(resolved_by="sender"),
                name="alerts_ended_by_senders",
            ),
            models.Index(
                fields=["scope", "key"],
                condition=Q(merged_into__isnull=False),
                name="alerts_merged",
            ),
            models.Index(
                fields=["merged_into"],
                condition=Q(merged_into__isnull=False),
                name="alerts_merged_into",
            ),
            models.Index(
                fields=["led_by", "state"],
                condition=Q(led_by__isnull=False),
                name="alerts_led_by_one",
            ),
            models.Index(fields=["service_name", "-id"], name="alerts_of_a_service"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.state}"


class AlertGroup(models.Model):
    """Alerts that are paged for as one; the first of them leads."""

    digest = models.CharField(max_length=64, help_text="Of route, urgency and values.")
    route = models.CharField(max_length=253)
    values = models.JSONField(help_text="What its alerts share, by name.")
    lead = models.OneToOneField(Alert, on_delete=models.CASCADE, related_name="group")
    joined_at = models.DateTimeField(help_text="When its newest alert joined.")
    closed_at = models.DateTimeField(null=True, help_text="Since when nothing joins any more.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["digest"],
                condition=Q(closed_at__isnull=True),
                name="alerts_one_open_group_per_digest",
            ),
        ]

    def __str__(self) -> str:
        return f"group of alert {self.lead_id}"


class InboundEvent(models.Model):
    """One event of a request, with what became of it and why."""

    request = models.ForeignKey(
        InboundRequest, on_delete=models.CASCADE, related_name="events", db_index=False
    )
    position = models.PositiveIntegerField(help_text="Its place in the request, from 0.")
    received_at = models.DateTimeField()
    action = models.CharField(max_length=20, choices=ACTIONS)
    scope = models.CharField(max_length=253)
    key = models.CharField(max_length=512, blank=True)
    episode = models.CharField(max_length=200, blank=True)
    message = models.CharField(
        max_length=64, blank=True, help_text="Hash of what its sender calls this one message."
    )
    verdict = models.CharField(max_length=20, choices=VERDICTS)
    reason = models.CharField(max_length=1000)
    rule = models.CharField(max_length=300, blank=True, help_text="As silence:NAME or route:NAME.")
    alert = models.ForeignKey(Alert, null=True, on_delete=models.SET_NULL, related_name="events")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["request", "position"], name="alerts_one_event_per_place"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["-id"],
                condition=Q(verdict=Verdict.QUARANTINED.value),
                name="alerts_quarantined",
            ),
            models.Index(
                fields=["scope", "message"],
                condition=~Q(message=""),
                name="alerts_events_by_message",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.key}: {self.verdict}"


class HeldResolve(models.Model):
    """A resolve whose trigger has not come yet."""

    scope = models.CharField(max_length=253)
    key = models.CharField(max_length=512)
    episode = models.CharField(max_length=200)
    received_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scope", "key", "episode"], name="alerts_one_held_per_episode"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["received_at"], name="alerts_held_by_time")]

    def __str__(self) -> str:
        return f"{self.key} {self.episode}"


class AlertAct(models.Model):
    """What a person or a job did to an alert; events are the senders' part of its story."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="acts")
    at = models.DateTimeField()
    act = models.CharField(max_length=40)
    actor = models.CharField(max_length=40, help_text="Kind and id, never a name.")
    detail = models.CharField(max_length=1000, blank=True)

    def __str__(self) -> str:
        return f"{self.act} {self.alert_id}"


class PageVerdictRow(models.Model):
    """What people say of the pages of an alert; the newest word, the story keeps those before."""

    alert = models.OneToOneField(Alert, on_delete=models.CASCADE, related_name="page_verdict")
    verdict = models.CharField(max_length=20, choices=PAGE_VERDICTS)
    why = models.CharField(max_length=20, choices=WHYS, blank=True, help_text="Why it was not.")
    words = models.CharField(max_length=1000, blank=True)
    actor = models.CharField(max_length=40, help_text="Kind and id, never a name.")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.verdict} {self.alert_id}"


class Route(models.Model):
    """A rule that sends alerts to an escalation policy."""

    name = models.CharField(max_length=253, unique=True)
    order = models.IntegerField()
    match = models.JSONField(default=list)
    policy = models.CharField(max_length=253)
    urgency = models.CharField(max_length=10, blank=True, help_text="Empty: severity decides.")
    group_by = models.JSONField(default=list, help_text="Names of labels or fields.")
    group_for = models.CharField(max_length=20, blank=True, help_text="As 5m; empty: the usual.")
    times = models.JSONField(default=list, help_text="As {days, from, to}; none: always.")
    time_zone = models.CharField(max_length=100, blank=True, help_text="By whose wall clocks.")
    origin = models.CharField(max_length=20, choices=ORIGINS)
    file = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Silence(models.Model):
    """Keeps what matches quiet for a while."""

    name = models.CharField(max_length=253, unique=True)
    match = models.JSONField()
    start = models.DateTimeField()
    end = models.DateTimeField()
    reason = models.CharField(max_length=1000)
    recurrence = models.CharField(max_length=500, blank=True, help_text="Empty: it comes once.")
    time_zone = models.CharField(max_length=100, blank=True, help_text="Empty: UTC.")
    over_at = models.DateTimeField(
        null=True, help_text="When one that comes again does so no more; null: never."
    )
    resumes_at = models.DateTimeField(
        null=True, help_text="Up to when one that comes again was ended early; null: it was not."
    )
    author = models.CharField(max_length=40, help_text="Kind and id, never a name.")
    origin = models.CharField(max_length=20, choices=ORIGINS)
    file = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(end__gt=models.F("start")),
                name="alerts_silence_ends_after_it_starts",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["end"], name="alerts_silences_by_end")]

    def __str__(self) -> str:
        return self.name


class Inhibition(models.Model):
    """Keeps some alerts quiet while a larger one is open."""

    name = models.CharField(max_length=253, unique=True)
    source = models.JSONField(help_text="Matchers of what has to be open.")
    target = models.JSONField(help_text="Matchers of what is quiet meanwhile.")
    equal = models.JSONField(default=list, help_text="Names of what both share.")
    origin = models.CharField(max_length=20, choices=ORIGINS)
    file = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class InhibitionMark(models.Model):
    """That an alert is a source of an inhibition; of those that are over it means nothing."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="marks")
    name = models.CharField(max_length=253, help_text="Of the inhibition.")
    digest = models.CharField(max_length=64, help_text="Of the inhibition and what both share.")
    is_both = models.BooleanField(help_text="Whether it is a target too.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["alert", "name"], name="alerts_one_mark_per_inhibition"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["digest"], name="alerts_marks_by_digest"),
            models.Index(fields=["name"], name="alerts_marks_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} by {self.alert_id}"


class Heartbeat(models.Model):
    """When a sender that must be heard of now and then was heard of last."""

    integration = models.OneToOneField(
        Integration, on_delete=models.CASCADE, related_name="heartbeat"
    )
    last_ping_at = models.DateTimeField()
    due_at = models.DateTimeField(
        null=True, help_text="When silence becomes an alert; null: it did."
    )

    class Meta:
        indexes: ClassVar = [models.Index(fields=["due_at"], name="alerts_heartbeats_due")]

    def __str__(self) -> str:
        return f"heartbeat of {self.integration_id}"


class Peer(models.Model):
    """Another Watchkeeper that this one looks at; see ``domain.peers``."""

    url = models.CharField(max_length=500, unique=True)
    looked_at = models.DateTimeField(null=True)
    good_at = models.DateTimeField(null=True)
    bad_since = models.DateTimeField(null=True)
    detail = models.TextField(blank=True)
    is_open = models.BooleanField(default=False, help_text="An alert was opened for it.")

    def __str__(self) -> str:
        return self.url


class Cursor(models.Model):
    """How far a job has read what another slice wrote."""

    name = models.CharField(max_length=60, primary_key=True)
    position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.position}"
