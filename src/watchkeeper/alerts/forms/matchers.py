"""Matchers as people type them: one on each line, each fault with its line."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from watchkeeper.kernel.errors import Problem


def lines(text: str) -> list[tuple[int, str]]:
    """Return lines that say something, with their numbers from 1."""
    numbered = enumerate(text.splitlines(), start=1)
    return [(number, line.strip()) for number, line in numbered if line.strip()]


def place_of(problem: Problem, values: Mapping[str, Any]) -> tuple[str, str]:
    """Return the field that a fault belongs to, and its words with the line of a matcher.

    Args:
        problem: A fault with a path as ``spec.match[1]``; without one it is about the name.
        values: What stands in the fields.
    """
    found = re.match(r"spec\.(match|source|target)\[(\d+)\]", problem.path)
    if found is None:
        path = problem.path.removeprefix("spec.").partition("[")[0]
        return path or "name", problem.detail
    said = lines(str(values.get(found[1], "")))
    at = int(found[2])
    if at >= len(said):
        return found[1], problem.detail
    words = _("Line %(line)d: %(words)s") % {"line": said[at][0], "words": problem.detail}
    return found[1], words
