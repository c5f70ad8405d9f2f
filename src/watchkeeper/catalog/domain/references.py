"""How one entity names another, as ``component:default/checkout``.

Source: Backstage, "Entity References": ``[kind:][namespace/]name``; kinds and namespaces are read
without regard to case, a missing namespace is that of the entity that speaks.
"""

import re

DEFAULT = "default"
COMPONENT = "component"
_REFERENCE = re.compile(r"(?:([a-z][a-z0-9]*):)?(?:([\w.-]+)/)?([\w.-]+)\Z", re.IGNORECASE)


def name_of(text: str, *, namespace: str = DEFAULT) -> str:
    """Return the name that a reference has here: ``group:default/shop`` is ``shop``.

    Args:
        text: The reference; what is none is a name as it stands.
        namespace: Namespace of the entity that holds it.

    Returns:
        The bare name in the namespace ``default``, else ``namespace.name``.
    """
    match = _REFERENCE.match(text.strip())
    return qualified(match[3], match[2] or namespace) if match else text.strip()


def kind_of(text: str, *, default: str = COMPONENT) -> str:
    """Return the kind that a reference names, in lower case; ``default`` where it names none."""
    match = _REFERENCE.match(text.strip())
    return (match[1] or default).lower() if match else default


def target_of(text: str, *, namespace: str = DEFAULT) -> str:
    """Return what a dependency is known by here.

    A service or an outside vendor is its bare name; anything else keeps its kind before it, as
    ``resource:orders-db``, since a resource and a service may share a name.
    """
    kind, name = kind_of(text), name_of(text, namespace=namespace)
    return name if kind == COMPONENT else f"{kind}:{name}"


def reference_to(target: str, place: str = "") -> str:
    """Return a reference that :func:`target_of` reads as ``target``.

    Args:
        target: What a dependency is known by; a vendor's name that is no reference stays as it is.
        place: Namespace and slash, where the entity that speaks is in another.
    """
    kind, name = split(target)
    if _REFERENCE.match(name) is None or ":" in name:
        return target
    return f"{kind or COMPONENT}:{place}{name}"


def split(target: str) -> tuple[str, str]:
    """Return kind and name of what :func:`target_of` gave; the kind of a bare name is empty."""
    kind, colon, name = target.partition(":")
    return (kind, name) if colon and kind.isalnum() else ("", target)


def qualified(name: str, namespace: str) -> str:
    """Return a name with its namespace before it, where that is not ``default``."""
    place = namespace.lower()
    return name if place == DEFAULT else f"{place}.{name}"
