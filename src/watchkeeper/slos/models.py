"""SLOs and their versions, what does not count, where each one stands, what fired."""

from typing import ClassVar

from django.db import models

from watchkeeper.kernel.origins import Origin
from watchkeeper.slos.domain.definition import Severity
from watchkeeper.slos.domain.status import SloStatus

ORIGINS = [(origin.value, origin.value) for origin in Origin]
STATUSES = [(status.value, status.value) for status in SloStatus]
SEVERITIES = [(severity.value, severity.value) for severity in Severity]


class Slo(models.Model):
    """One SLO; what it promises stands in its versions."""

    name = models.CharField(max_length=253, unique=True)
    service_name = models.CharField(max_length=253)
    service = models.ForeignKey(
        "catalog.Service", null=True, on_delete=models.SET_NULL, related_name="slos"
    )
    title = models.CharField(max_length=300, blank=True)
    origin = models.CharField(max_length=20, choices=ORIGINS)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class SloVersion(models.Model):
    """What an SLO promises from an instant on; never changed, only followed by another."""

    slo = models.ForeignKey(Slo, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.JSONField(help_text="The OpenSLO document, as it came.")
    resolved = models.JSONField(help_text="What it refers to, as it was: kind, name, document.")
    valid_from = models.DateTimeField()
    author = models.CharField(max_length=40, help_text="Kind and id of the actor, never a name.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["slo", "number"], name="slos_one_version_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.slo_id} version {self.number}"


class SloSli(models.Model):
    """Which SLI an objective of the newest version is judged by."""

    slo = models.ForeignKey(Slo, on_delete=models.CASCADE, related_name="slis")
    sli = models.ForeignKey("telemetry.Sli", on_delete=models.PROTECT, related_name="slos")
    objective_index = models.SmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["slo", "objective_index"], name="slos_one_sli_per_objective"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slo_id}/{self.objective_index}: {self.sli_id}"


class OpenSloObject(models.Model):
    """A document of the other OpenSLO kinds, kept whole."""

    kind = models.CharField(max_length=60)
    name = models.CharField(max_length=253)
    document = models.JSONField()
    origin = models.CharField(max_length=20, choices=ORIGINS)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "name"], name="slos_one_object_per_name"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Exclusion(models.Model):
    """A stretch of time that does not count; withdrawn, never removed."""

    slo = models.ForeignKey(Slo, null=True, on_delete=models.CASCADE, related_name="exclusions")
    service_name = models.CharField(max_length=253, blank=True)
    start = models.DateTimeField()
    end = models.DateTimeField()
    reason = models.TextField()
    author = models.CharField(max_length=40, help_text="Kind and id of the actor, never a name.")
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=40, blank=True)
    maintenance = models.CharField(
        max_length=200, blank=True, help_text="Name of the maintenance window that it follows."
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(end__gt=models.F("start")),
                name="slos_exclusion_ends_after_it_starts",
            ),
            models.UniqueConstraint(
                fields=["maintenance", "service_name", "start", "end"],
                condition=models.Q(withdrawn_at=None) & ~models.Q(maintenance=""),
                name="slos_one_exclusion_per_time_of_maintenance",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["end"], name="slos_exclusions_by_end")]

    def __str__(self) -> str:
        return f"{self.start} to {self.end}"


class SloState(models.Model):
    """Where one objective stands over one window, as of the newest tick; lists read only this."""

    slo = models.ForeignKey(Slo, on_delete=models.CASCADE, related_name="states")
    objective_index = models.SmallIntegerField()
    window_index = models.SmallIntegerField()
    objective = models.DecimalField(max_digits=12, decimal_places=10)
    window = models.CharField(max_length=100)
    method = models.CharField(max_length=20)
    as_of = models.DateTimeField()
    status = models.CharField(max_length=20, choices=STATUSES)
    severity = models.CharField(max_length=10, choices=SEVERITIES, blank=True)
    urgency = models.SmallIntegerField()
    sli = models.FloatField(null=True)
    good = models.FloatField()
    total = models.FloatField()
    budget_remaining = models.FloatField(null=True)
    budget_remaining_projected = models.FloatField(null=True)
    coverage = models.FloatField(null=True)
    exhausted_in_seconds = models.FloatField(null=True)
    burn_rates = models.JSONField(default=dict)
    unknown_rules = models.PositiveSmallIntegerField(
        default=0, help_text="Burn rules of which it is unknown whether they burn."
    )
    spark = models.JSONField(default=list, help_text="Budget left by day, null where unknown.")
    spark_day = models.IntegerField(default=0, help_text="UTC day for which it was drawn.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["slo", "objective_index", "window_index"], name="slos_one_state_each"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slo_id} {self.objective_index}/{self.window_index}: {self.status}"


class Firing(models.Model):
    """A burn rule that fires, or fired."""

    slo = models.ForeignKey(Slo, on_delete=models.CASCADE, related_name="firings")
    objective_index = models.SmallIntegerField()
    window_index = models.SmallIntegerField()
    rule = models.CharField(max_length=253)
    severity = models.CharField(max_length=10, choices=SEVERITIES)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    quiet = models.SmallIntegerField(default=0, help_text="Calm evaluations in a row.")
    reason = models.JSONField(help_text="Lookbacks, rates, factor, budget spent, exhaustion.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["slo", "objective_index", "window_index", "rule"],
                condition=models.Q(ended_at__isnull=True),
                name="slos_one_open_firing_per_rule",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["-started_at"], name="slos_firings_by_start")]

    def __str__(self) -> str:
        return f"{self.rule} since {self.started_at}"
