"""How a person is drawn where there is no picture: initials on a tint that stays theirs."""

import re

TINTS = 6


def initials(name: str) -> str:
    """Return two letters: of the first and last word, or the first two of the only one."""
    words: list[str] = re.findall(r"[^\W_]+", name) or ["?"]
    return (words[0][:1] + (words[-1][:1] if len(words) > 1 else words[0][1:2])).upper()


def tint(name: str) -> int:
    """Return which of the six tints a name has, from 1."""
    return sum(map(ord, name)) % TINTS + 1
