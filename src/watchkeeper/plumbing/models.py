"""Rows of the machinery: due work, engines that live, answers that may be asked for again."""

from typing import ClassVar

from django.db import models


class DueWork(models.Model):
    """One piece of work that is due at a time and is held under a lease while it is done.

    Times are milliseconds since the epoch by the database's clock, so that nodes whose clocks
    disagree still agree on who holds what.
    """

    kind = models.CharField(max_length=100)
    key = models.CharField(max_length=300)
    payload = models.JSONField(default=dict)
    due_ms = models.BigIntegerField()
    behind_ms = models.BigIntegerField(
        default=0, db_default=0, help_text="How far it stands behind that in line, if many wait."
    )
    lease_until_ms = models.BigIntegerField(default=0, help_text="0: nobody holds it.")
    owner = models.CharField(max_length=100, blank=True)
    fence = models.BigIntegerField(default=0, help_text="Grows with every claim.")
    attempts = models.IntegerField(default=0, help_text="Claims since it last succeeded.")
    quarantined = models.BooleanField(default=False)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "key"], name="plumbing_one_row_per_work"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "due_ms"], name="plumbing_work_by_due"),
            models.Index(
                "kind",
                models.F("due_ms") + models.F("behind_ms"),
                "id",
                name="plumbing_work_in_turn",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class EngineNode(models.Model):
    """One engine that runs, or ran; readiness looks at its heartbeat."""

    name = models.CharField(max_length=100, unique=True)
    started_ms = models.BigIntegerField()
    beat_ms = models.BigIntegerField()
    version = models.CharField(max_length=40)
    jobs = models.JSONField(default=list, help_text="Names of the jobs it can run.")
    loops = models.JSONField(default=list, help_text="Names of the loops it steps.")

    def __str__(self) -> str:
        return self.name


class Alarm(models.Model):
    """Something that is wrong with the installation itself, and whether its admins were told.

    One row for each thing that can be wrong, so that many nodes which all see it tell it once.
    Times are milliseconds since the epoch by the database's clock; 0: not so.
    """

    name = models.CharField(max_length=200, unique=True)
    detail = models.TextField(help_text="What was found when it was last told.")
    since_ms = models.BigIntegerField(help_text="When it began.")
    ended_ms = models.BigIntegerField(default=0, help_text="When it ended; 0: it goes on.")
    told_ms = models.BigIntegerField(default=0, help_text="When admins were last told of it.")
    is_told = models.BooleanField(default=False, help_text="Whether its beginning was told.")
    lease_until_ms = models.BigIntegerField(default=0, help_text="Somebody tells it just now.")

    def __str__(self) -> str:
        return self.name


class Mark(models.Model):
    """When something that comes round last went well, as the heartbeat to the outside."""

    name = models.CharField(max_length=100, unique=True)
    at_ms = models.BigIntegerField()

    def __str__(self) -> str:
        return self.name


class IdempotentAnswer(models.Model):
    """What a request with an idempotency key was answered, to answer its repeat the same.

    Written in the transaction of what the request did, so that one is there if the other is.
    """

    actor = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.SmallIntegerField(default=0)
    content_type = models.CharField(max_length=100, blank=True)
    sealed_body = models.TextField(blank=True, help_text="Sealed: it may hold a new token.")
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["actor", "key"], name="plumbing_one_answer_per_key"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="plumbing_answers_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.key}"


class Fixed(models.Model):
    """One fact about this installation that must not change unseen, as the key's fingerprint."""

    name = models.CharField(max_length=100, unique=True)
    value = models.TextField()

    def __str__(self) -> str:
        return self.name
