"""Maintenance windows, and what was ended early of them."""

from typing import ClassVar

from django.db import models

from watchkeeper.kernel.origins import Origin

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
