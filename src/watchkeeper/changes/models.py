"""Maintenance windows and what was ended early of them; changes."""

from typing import ClassVar

from django.db import models

from watchkeeper.changes.domain.events import ChangeKind
from watchkeeper.kernel.origins import Origin

KINDS = [(kind.value, kind.value) for kind in ChangeKind]
ORIGINS = [(origin.value, origin.value) for origin in Origin]


class Maintenance(models.Model):
    """A maintenance window, as it was written; times stay wall times."""

    name = models.CharField(max_length=200, unique=True)
    services = models.JSONField()
    time_zone = models.CharField(max_length=100)
    start = models.CharField(max_length=40, help_text="Wall time in time_zone, as written.")
    end = models.CharField(max_length=40, help_text="Wall time in time_zone, as written.")
    recurrence = models.CharField(max_length=500, blank=True)
    exclude = models.BooleanField(default=False)
    reason = models.CharField(max_length=1000, blank=True)
    over_at = models.DateTimeField(null=True, help_text="Null: it comes again without end.")
    author = models.CharField(max_length=40, help_text="Kind and id, never a name.")
    origin = models.CharField(max_length=20, choices=ORIGINS)
    file = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="Since when it holds as it is.")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["over_at"], name="changes_maintenance_by_end")]

    def __str__(self) -> str:
        return self.name


class MaintenanceCut(models.Model):
    """What was left of a time of maintenance that was ended early."""

    maintenance = models.ForeignKey(Maintenance, on_delete=models.CASCADE, related_name="cuts")
    start = models.DateTimeField()
    end = models.DateTimeField()
    author = models.CharField(max_length=40, help_text="Kind and id, never a name.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(end__gt=models.F("start")),
                name="changes_cut_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start} to {self.end}"


class ChangeEvent(models.Model):
    """One change of a service, told once by each sender."""

    source = models.CharField(max_length=253, help_text="Name of the integration; empty: by hand.")
    key = models.CharField(max_length=512, help_text="The sender's id of it.")
    title = models.CharField(max_length=1024)
    kind = models.CharField(max_length=20, choices=KINDS)
    service_name = models.CharField(max_length=253, blank=True)
    at = models.DateTimeField(help_text="When it took place.")
    url = models.CharField(max_length=2000, blank=True)
    author = models.CharField(max_length=253, blank=True, help_text="As the sender says.")
    labels = models.JSONField(default=dict)
    received_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "key"], name="changes_one_per_source_and_id")
        ]
        indexes: ClassVar = [
            models.Index(fields=["-at", "-id"], name="changes_newest_first"),
            models.Index(fields=["service_name", "-at"], name="changes_of_a_service"),
        ]

    def __str__(self) -> str:
        return self.title
