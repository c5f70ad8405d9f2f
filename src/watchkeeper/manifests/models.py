"""Which file each applied object came from."""

from typing import ClassVar

from django.db import models


class AppliedObject(models.Model):
    """One object that an apply made or keeps, and the file it stands in."""

    api_version = models.CharField(max_length=100)
    kind = models.CharField(max_length=60)
    name = models.CharField(max_length=253)
    file = models.CharField(max_length=1024)
    applied_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "name"], name="manifests_one_file_per_object"),
        ]
        indexes: ClassVar = [models.Index(fields=["file"], name="manifests_by_file")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.file})"
