"""Services and teams by what an annotation of theirs says."""

from django.db.models.fields.json import KeyTransform

from watchkeeper.catalog.models import Entity

_KINDS = {"Component": "service", "Group": "team"}


def annotated(annotation: str, value: str) -> list[tuple[str, str]]:
    """Return (``service`` or ``team``, name) of each whose ``annotation`` is ``value``."""
    said = KeyTransform("annotations", KeyTransform("metadata", "document"))
    rows = (
        Entity.objects.filter(kind__in=_KINDS)
        .annotate(said=KeyTransform(annotation, said))
        .filter(said=value)
        .order_by("kind", "name")
    )
    return [(_KINDS[kind], name) for kind, name in rows.values_list("kind", "name")]
