"""Regular expressions from users, in time that grows with the text and with nothing else.

A position automaton with a remembered table of steps: no backtracking, so no pattern and no text
can make it slow. The syntax is what alert matchers need: literals, ``.``, classes, digits, words
and blanks by their letter after a backslash, groups, ``|``, ``* + ? {m,n}``, and ``(?i)`` in
front. A pattern matches the whole text, as in Prometheus. Sources: Glushkov (1961) for the
automaton; reliability.md S21 for the need.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from watchkeeper.kernel.errors import InvalidError

LONGEST_PATTERN = 1_000
MOST_POSITIONS = 1_000
_MOST_REMEMBERED = 20_000
_MOST_REPEATS = 100

Test = Callable[[str], bool]

_CLASSES: dict[str, Test] = {
    "d": lambda c: c.isascii() and c.isdigit(),
    "w": lambda c: c.isascii() and (c.isalnum() or c == "_"),
    "s": lambda c: c in " \t\n\r\f\v",
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the pattern: whether it may be empty, where it begins and where it ends."""

    is_empty: bool
    first: int = 0
    last: int = 0


class Expression:
    """A pattern that is ready to be asked."""

    def __init__(self, pattern: str) -> None:
        """Read ``pattern``.

        Raises:
            InvalidError: it is too long, or not in the syntax.
        """
        if len(pattern) > LONGEST_PATTERN:
            raise InvalidError(f"a pattern has at most {LONGEST_PATTERN} characters")
        self._ignores_case = pattern.startswith("(?i)")
        self._source = pattern.removeprefix("(?i)")
        self._place = 0
        self._tests: list[Test] = []
        self._follow: list[int] = []
        whole = self._alternatives()
        if self._place < len(self._source):
            raise self._refusal("a ) stands without its (")
        self._whole = whole
        self._steps: dict[tuple[int, str], int] = {}

    def matches(self, text: str) -> bool:
        """Return whether the whole of ``text`` is as the pattern says."""
        if self._ignores_case:
            text = text.casefold()
        if not text:
            return self._whole.is_empty
        state = self._advance(self._whole.first, text[0])
        for letter in text[1:]:
            if not state:
                return False
            key = (state, letter)
            after = self._steps.get(key)
            if after is None:
                after = self._advance(self._reach(state), letter)
                if len(self._steps) < _MOST_REMEMBERED:
                    self._steps[key] = after
            state = after
        return bool(state & self._whole.last)

    def _reach(self, state: int) -> int:
        reach = 0
        for position in _bits(state):
            reach |= self._follow[position]
        return reach

    def _advance(self, candidates: int, letter: str) -> int:
        state = 0
        for position in _bits(candidates):
            if self._tests[position](letter):
                state |= 1 << position
        return state

    # ---- reading

    def _refusal(self, why: str) -> InvalidError:
        return InvalidError(f"the pattern {self._source[:80]!r} cannot be read: {why}")

    def _peek(self) -> str:
        return self._source[self._place : self._place + 1]

    def _take(self) -> str:
        letter = self._peek()
        if not letter:
            raise self._refusal("it ends too early")
        self._place += 1
        return letter

    def _alternatives(self) -> _Part:
        found = self._sequence()
        while self._peek() == "|":
            self._take()
            other = self._sequence()
            found = _Part(
                found.is_empty or other.is_empty,
                found.first | other.first,
                found.last | other.last,
            )
        return found

    def _sequence(self) -> _Part:
        found = _Part(is_empty=True)
        while self._peek() not in {"", "|", ")"}:
            found = self._join(found, self._repeated())
        return found

    def _join(self, one: _Part, other: _Part) -> _Part:
        self._link(one.last, other.first)
        return _Part(
            one.is_empty and other.is_empty,
            one.first | (other.first if one.is_empty else 0),
            other.last | (one.last if other.is_empty else 0),
        )

    def _link(self, ends: int, beginnings: int) -> None:
        for position in _bits(ends):
            self._follow[position] |= beginnings

    def _repeated(self) -> _Part:
        begin = self._place
        part = self._atom()
        end = self._place
        mark = self._peek()
        if mark and mark in "*+?":
            self._take()
            if self._peek() and self._peek() in "*+?{":
                raise self._refusal("one repetition follows another")
            if mark in "*+":
                self._link(part.last, part.first)
            return _Part(part.is_empty or mark in "*?", part.first, part.last)
        if mark == "{":
            return self._counted(part, begin=begin, end=end)
        return part

    def _counted(self, part: _Part, *, begin: int, end: int) -> _Part:
        """Repeat what stands between ``begin`` and ``end``: read it again for each time."""
        self._take()
        least, most = self._bounds()
        after = self._place
        found = _Part(is_empty=True)
        for times in range(max(most if most is not None else least, 1)):
            if times:
                self._place = begin
                part = self._atom()
            optional = times >= least
            found = self._join(found, _Part(part.is_empty or optional, part.first, part.last))
        if most is None:
            self._link(part.last, part.first)
            found = _Part(found.is_empty or least == 0, found.first, found.last)
        self._place = after
        del end
        return found if most != 0 else _Part(is_empty=True)

    def _bounds(self) -> tuple[int, int | None]:
        text = ""
        while (letter := self._take()) != "}":
            text += letter
        low, comma, high = text.partition(",")
        numbers = [low or "0", *([high] if high else [])]
        if not all(n.isascii() and n.isdigit() and int(n) <= _MOST_REPEATS for n in numbers):
            raise self._refusal(f"{{{text[:20]}}} is not a count up to {_MOST_REPEATS}")
        least = int(low or "0")
        most = (int(high) if high else None) if comma else least
        if most is not None and most < least:
            raise self._refusal(f"{{{text[:20]}}} ends below its beginning")
        return least, most

    def _atom(self) -> _Part:
        letter = self._take()
        if letter == "(":
            return self._group()
        if letter == "[":
            return self._position(self._class())
        if letter == ".":
            return self._position(lambda c: c != "\n")
        if letter == "\\":
            return self._position(self._escaped())
        if letter in {"^", "$"}:
            return _Part(is_empty=True)  # a pattern matches the whole text anyway
        if letter in "*+?{":
            raise self._refusal(f"{letter} repeats nothing")
        return self._position(self._literal(letter))

    def _group(self) -> _Part:
        if self._source.startswith("?:", self._place):
            self._place += 2
        elif self._peek() == "?":
            raise self._refusal("groups with (? are not taken, but for (?:…) and (?i) in front")
        found = self._alternatives()
        if self._peek() != ")":
            raise self._refusal("a ( stands without its )")
        self._take()
        return found

    def _literal(self, letter: str) -> Test:
        wanted = letter.casefold() if self._ignores_case else letter
        return lambda c: c == wanted

    def _escaped(self) -> Test:
        letter = self._take()
        if letter.lower() in _CLASSES:
            test = _CLASSES[letter.lower()]
            return test if letter.islower() else (lambda c: not test(c))
        if letter.isalnum() and letter not in _ESCAPES:
            raise self._refusal(f"\\{letter} is not taken")
        return self._literal(_ESCAPES.get(letter, letter))

    def _class(self) -> Test:
        is_negated = self._peek() == "^"
        if is_negated:
            self._take()
        tests = [self._class_item()]
        while self._peek() != "]":
            tests.append(self._class_item())
        self._take()
        chosen = tuple(tests)
        if is_negated:
            return lambda c: not any(test(c) for test in chosen)
        return lambda c: any(test(c) for test in chosen)

    def _class_item(self) -> Test:
        letter = self._take()
        if letter == "\\":
            if self._peek().lower() in _CLASSES:
                return self._escaped()
            letter = self._take()
            letter = _ESCAPES.get(letter, letter)
        if self._peek() != "-" or self._source[self._place + 1 : self._place + 2] in {"", "]"}:
            return self._literal(letter)
        self._take()
        end = self._take()
        if end == "\\":
            end = self._take()
        if end < letter:
            raise self._refusal(f"the range {letter}-{end} is empty")
        if self._ignores_case:
            letters = {chr(n).casefold() for n in range(ord(letter), min(ord(end), 0x24F) + 1)}
            return lambda c: letter <= c <= end or c in letters
        return lambda c: letter <= c <= end

    def _position(self, test: Test) -> _Part:
        if len(self._tests) >= MOST_POSITIONS:
            raise self._refusal(f"it is longer than {MOST_POSITIONS} places once written out")
        self._tests.append(test)
        self._follow.append(0)
        bit = 1 << (len(self._tests) - 1)
        return _Part(is_empty=False, first=bit, last=bit)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@lru_cache(maxsize=2_000)
def compiled(pattern: str) -> Expression:
    """Return ``pattern`` ready to be asked; the same one is read once.

    Raises:
        InvalidError: it is too long, or not in the syntax.
    """
    return Expression(pattern)
