"""Whose turn it is at steps that page one of their targets: read, moved on and kept under a lock.

Escalations that are stepped together take turns one after the other; those that are stepped
elsewhere at the same time wait, so that no turn is taken twice and none is left out.
"""

from collections.abc import Collection, Mapping

from watchkeeper.oncall.models import StepTurn


class Turns:
    """The turns of some policies, in the caller's transaction.

    Args:
        policies: Names of the policies; nothing is read for an empty collection.
    """

    def __init__(self, policies: Collection[str]) -> None:
        self._policies = policies
        self._places: dict[str, dict[int, int]] = {}
        self._moved: set[tuple[str, int]] = set()
        if policies:
            self._lock()

    def of(self, policy: str) -> Mapping[int, int]:
        """Return whose turn is next, by step."""
        return self._places.get(policy, {})

    def note(self, policy: str, turn: tuple[int, int] | None) -> None:
        """Keep whose turn is next at a step of a policy; ``None``: no turn was taken."""
        if turn is None:
            return
        step, place = turn
        self._places.setdefault(policy, {})[step] = place
        self._moved.add((policy, step))

    def save(self) -> None:
        """Write down the turns that were taken."""
        StepTurn.objects.bulk_create(
            [
                StepTurn(policy=policy, step=step, place=self._places[policy][step])
                for policy, step in sorted(self._moved)
            ],
            update_conflicts=True,
            unique_fields=["policy", "step"],
            update_fields=["place"],
        )

    def _lock(self) -> None:
        """Read the turns so that nobody else takes one before the transaction ends.

        One row of each policy is made sure of first: it is what all wait for.
        """
        gates = [StepTurn(policy=policy, step=-1) for policy in sorted(self._policies)]
        StepTurn.objects.bulk_create(gates, ignore_conflicts=True)
        rows = StepTurn.objects.select_for_update().filter(policy__in=self._policies, step=-1)
        list(rows.order_by("policy"))
        for row in StepTurn.objects.filter(policy__in=self._policies, step__gte=0):
            self._places.setdefault(row.policy, {})[row.step] = row.place
