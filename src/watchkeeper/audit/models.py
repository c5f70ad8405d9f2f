"""The log and its head."""

from typing import ClassVar

from django.db import models


class AuditEntry(models.Model):
    """One act. Ids, never names; only ever added."""

    number = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=20)
    actor_id = models.BigIntegerField(null=True)
    via = models.CharField(max_length=20)
    action = models.CharField(max_length=100)
    object_kind = models.CharField(max_length=60)
    object_id = models.CharField(max_length=300)
    detail = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=64, blank=True)
    previous = models.CharField(max_length=64)
    seal = models.CharField(max_length=64)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["object_kind", "object_id"], name="audit_by_object"),
            models.Index(fields=["actor_kind", "actor_id"], name="audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.action}"


class AuditHead(models.Model):
    """How many entries there are and the last seal; one row."""

    count = models.BigIntegerField(default=0)
    last = models.CharField(max_length=64)
    seal = models.CharField(max_length=64)
    first = models.BigIntegerField(default=1, help_text="Number of the first entry kept.")
    start = models.CharField(max_length=64, help_text="Seal before the first entry kept.")

    def __str__(self) -> str:
        return f"{self.count} entries"
