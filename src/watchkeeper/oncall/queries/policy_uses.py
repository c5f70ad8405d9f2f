"""What names an escalation policy, as the slices above know it."""

from django.conf import settings
from django.utils.module_loading import import_string

from watchkeeper.oncall.ports import PolicyUse, PolicyUses


def policy_uses(policy: str) -> list[PolicyUse]:
    """Return what names the policy of that name, in order."""
    wired = getattr(settings, "WATCHKEEPER_POLICY_USES", ())
    knowing: list[PolicyUses] = [import_string(dotted) for dotted in wired]
    return [use for uses in knowing for use in uses(policy)]
