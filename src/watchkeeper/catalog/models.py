"""What the organisation runs, who owns it and what hangs on what."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from watchkeeper.kernel.origins import Origin

ORIGINS = [(origin.value, origin.value) for origin in Origin]
"""Where something came from."""


class Service(models.Model):
    """Something that runs for somebody; the id that joins SLOs, alerts and incidents."""

    name = models.CharField(max_length=253, unique=True)
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    tier = models.SmallIntegerField(null=True, help_text="0 to 3, 0 matters most; null: unknown.")
    lifecycle = models.CharField(max_length=60, blank=True)
    owner = models.ForeignKey(
        "identity.Team", null=True, on_delete=models.SET_NULL, related_name="services"
    )
    on_call_url = models.CharField(max_length=1000, blank=True)
    runbook_url = models.CharField(max_length=1000, blank=True)
    repository_url = models.CharField(max_length=1000, blank=True)
    chat_channel = models.CharField(max_length=200, blank=True)
    fallback = models.CharField(
        max_length=1000, blank=True, help_text="What stands in when it is gone."
    )
    labels = models.JSONField(default=dict)
    origin = models.CharField(max_length=20, choices=ORIGINS, default=Origin.UI.value)
    file = models.CharField(max_length=1000, blank=True, help_text="The file that it came from.")
    is_taken_over = models.BooleanField(
        default=False, help_text="It came from a file once; files no longer rule it."
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(tier__isnull=True) | Q(tier__gte=0, tier__lte=3),
                name="catalog_tier_is_0_to_3",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Dependency(models.Model):
    """What a service needs: hard (without it, it fails) or soft.

    The target is a name, not a row: files may name a service before the file that describes it
    is read, and an outside vendor never has a row.
    """

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="dependencies")
    target = models.CharField(
        max_length=253, help_text="Name of a service or outside vendor, or kind:name."
    )
    is_hard = models.BooleanField(default=True)
    position = models.PositiveIntegerField()

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["service", "target"], name="catalog_one_dependency_each"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["target"], name="catalog_needed_by")]

    def __str__(self) -> str:
        return f"{self.service_id} on {self.target}"


class Journey(models.Model):
    """What a customer does, over services in order."""

    name = models.CharField(max_length=253, unique=True)
    title = models.CharField(max_length=200, blank=True)
    owner = models.ForeignKey(
        "identity.Team", null=True, on_delete=models.SET_NULL, related_name="journeys"
    )
    origin = models.CharField(max_length=20, choices=ORIGINS, default=Origin.UI.value)
    file = models.CharField(max_length=1000, blank=True)
    is_taken_over = models.BooleanField(default=False)
    document = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name


class JourneyService(models.Model):
    """One service of a journey, by name for the reason that dependencies are."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    service_name = models.CharField(max_length=253)

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["journey", "position"], name="catalog_one_step_per_position"
            ),
            models.UniqueConstraint(
                fields=["journey", "service_name"], name="catalog_one_step_per_service"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.journey_id}.{self.position} {self.service_name}"


class Entity(models.Model):
    """A Backstage document, kept whole.

    Of a service, the Component is kept in step with the row, so that it can be written out again.
    """

    kind = models.CharField(max_length=60)
    name = models.CharField(max_length=253, help_text="With namespace, unless that is default.")
    document = models.JSONField()
    origin = models.CharField(max_length=20, choices=ORIGINS, default=Origin.FILE.value)
    file = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "name"], name="catalog_one_entity_per_name"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
