"""Sources, SLIs and their versions; minutes in journal and sealed blocks."""

from typing import ClassVar

from django.db import models

from watchkeeper.kernel.origins import Origin

ORIGINS = [(origin.value, origin.value) for origin in Origin]


class Source(models.Model):
    """A place that tells minutes: a Prometheus server, a sample generator."""

    name = models.CharField(max_length=253, unique=True)
    kind = models.CharField(max_length=40)
    settings = models.JSONField(default=dict)
    origin = models.CharField(max_length=20, choices=ORIGINS, default=Origin.UI.value)
    created_at = models.DateTimeField()


class Sli(models.Model):
    """One indicator that yields (good, total) for each minute."""

    name = models.CharField(max_length=253, unique=True)


class SliVersion(models.Model):
    """One way of measuring an SLI; its key is the hash of source, queries and slice."""

    sli = models.ForeignKey(Sli, on_delete=models.CASCADE, related_name="versions")
    source = models.ForeignKey(Source, null=True, on_delete=models.PROTECT)
    key = models.CharField(max_length=64)
    spec = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sli", "key"], name="telemetry_one_version_per_key"),
        ]
