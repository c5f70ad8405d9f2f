"""YAML and JSON text to documents that know their lines, and back.

Safe types only, within limits (reliability.md S21). Times and clock times stay the text that was
written: a wall-clock time must not be taken for UTC, nor ``12:30`` for 750.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import yaml

from watchkeeper.kernel.documents import Document, Json
from watchkeeper.kernel.errors import InvalidError, Problem

MAX_CHARACTERS = 16 * 1024 * 1024
MAX_ALIASES = 100
MAX_DEPTH = 50
MAX_NODES = 100_000
MAX_DIGITS = 64

_PREFIX = "tag:yaml.org,2002:"
_STR, _INT, _FLOAT, _MERGE = (_PREFIX + name for name in ("str", "int", "float", "merge"))
# YAML 1.1 without numbers to the base of sixty, with JSON's exponents.
_WHOLE = re.compile(
    r"[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+)\Z",
)
_FRACTION = re.compile(
    r"(?:[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)
_TYPES = ("null", "bool", "int", "float", "str", "seq", "map")
_OPENINGS = ("{", "[")
_ODD_BREAKS = re.compile("[\r\x85\u2028\u2029]")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Knows the types of JSON and no others."""

    def construct_whole(self, node: Any) -> int:
        """Return a whole number of bearable length."""
        if len(str(node.value)) > MAX_DIGITS:
            raise _fault(f"a number of more than {MAX_DIGITS} digits", node)
        try:
            return int(self.construct_yaml_int(node))
        except (ValueError, IndexError) as error:
            raise _fault("this is not a whole number", node) from error

    def construct_fraction(self, node: Any) -> float:
        """Return a finite number."""
        try:
            value = float(self.construct_yaml_float(node))
        except (ValueError, IndexError) as error:
            raise _fault("this is not a number", node) from error
        if not math.isfinite(value):
            raise _fault("numbers must be finite", node)
        return value


class WrongValueError(InvalidError):
    """It is YAML, but holds what no document may hold."""


class _Fault(yaml.constructor.ConstructorError):
    """A scalar that is YAML and not a value of ours."""


def _fault(what: str, node: Any) -> yaml.MarkedYAMLError:
    return _Fault(None, None, what, node.start_mark)


def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """Return how plain text is told apart: by first character, in order."""
    ours = {_INT: _WHOLE, _FLOAT: _FRACTION}
    return {
        first: [
            (tag, ours.get(tag, pattern)) for tag, pattern in found if tag != f"{_PREFIX}timestamp"
        ]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_Loader.yaml_implicit_resolvers = _resolvers()
_Loader.yaml_constructors = {
    tag: builder
    for tag, builder in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or str(tag).removeprefix(_PREFIX) in _TYPES
}
_Loader.add_constructor(_INT, _Loader.construct_whole)
_Loader.add_constructor(_FLOAT, _Loader.construct_fraction)


class _Dumper(yaml.SafeDumper):
    """SafeDumper without aliases, lists indented under their key."""

    def ignore_aliases(self, data: object) -> bool:
        """Write every value in full."""
        del data
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002
        """Indent lists, as people do."""
        del indentless
        super().increase_indent(flow, False)  # noqa: FBT003

    def represent_text(self, data: str) -> Any:
        """Write text of several lines as a block, unless it breaks lines in odd ways."""
        style = "|" if "\n" in data else None
        if _ODD_BREAKS.search(data):
            style = '"'
        return self.represent_scalar(_STR, data, style=style)

    def represent_exact(self, data: Decimal) -> Any:
        """Write a decimal number as it is."""
        return self.represent_scalar(_FLOAT, str(data))


_Dumper.add_representer(str, _Dumper.represent_text)
_Dumper.add_representer(Decimal, _Dumper.represent_exact)
# Text that our loader would take for a number is put in quotes.
_Dumper.add_implicit_resolver(_FLOAT, _FRACTION, list("-+0123456789."))


def load(text: str, *, file: str = "") -> list[Document]:
    """Read every document of ``text``; empty ones are passed over.

    Args:
        text: YAML, or JSON, which is YAML.
        file: Its name, for messages.

    Raises:
        InvalidError: it is not YAML, is too large or too deep, or a document is not a mapping;
            with file and line.
    """
    if len(text) > MAX_CHARACTERS:
        raise _refusal(f"the text is longer than {MAX_CHARACTERS} characters", file, 1)
    try:
        return list(_documents(text, file))
    except yaml.MarkedYAMLError as error:
        document = _json_document(text, file)
        if document is not None:
            return [document]
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context
        line = mark.line + 1 if mark else 1
        if isinstance(error, _Fault):
            raise WrongValueError(*_told(str(what), file, line)) from error
        raise _refusal(f"this is not YAML: {what}", file, line) from error
    except UnicodeEncodeError as error:
        raise _refusal("the text is not valid Unicode", file, 1) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _refusal(f"this is not YAML: {error}", file, 1) from error


def dump(documents: Iterable[Mapping[str, Json]]) -> str:
    """Write ``documents`` as YAML, keys in the order given."""
    return str(
        yaml.dump_all(
            documents,
            Dumper=_Dumper,
            sort_keys=False,
            allow_unicode=True,
            width=100,
            explicit_start=True,
        )
    )


def _documents(text: str, file: str) -> Iterator[Document]:
    _check_events(text, file)
    loader = _Loader(text)
    try:
        while loader.check_node():
            document = _document(loader, loader.get_node(), file)
            if document is not None:
                yield document
    finally:
        loader.dispose()


def _check_events(text: str, file: str) -> None:
    """Refuse what is too large or too deep before anything is built of it."""
    aliases = depth = nodes = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.NodeEvent):
            nodes += 1
            aliases += isinstance(event, yaml.AliasEvent)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        _check_sizes(nodes=nodes, depth=depth, file=file, line=line)
        if aliases > MAX_ALIASES:
            raise _refusal(f"more than {MAX_ALIASES} aliases", file, line)


def _check_sizes(*, nodes: int, depth: int, file: str, line: int) -> None:
    if depth > MAX_DEPTH:
        raise _refusal(f"nested more than {MAX_DEPTH} deep", file, line)
    if nodes > MAX_NODES:
        raise _refusal(f"more than {MAX_NODES} values", file, line)


def _document(loader: Any, node: Any, file: str) -> Document | None:
    line = node.start_mark.line + 1
    walk = _Walk(file)
    walk.visit(node, "", depth=0)
    data = loader.construct_document(node)
    if data is None:
        return None
    if not isinstance(data, dict):
        raise _refusal("a document is a mapping of keys to values", file, line)
    return Document(data, file=file, line=line, lines=walk.lines)


class _Walk:
    """Notes the line of every path, and refuses what is too deep, too large or twice there."""

    def __init__(self, file: str) -> None:
        self.lines: dict[str, int] = {}
        self._file = file
        self._nodes = 0

    def visit(self, node: Any, path: str, *, depth: int) -> None:
        """Visit ``node``, which stands at ``path``, and all below it, aliases expanded."""
        self._nodes += 1
        line = node.start_mark.line + 1
        _check_sizes(nodes=self._nodes, depth=depth, file=self._file, line=line)
        if isinstance(node, yaml.SequenceNode):
            for place, item in enumerate(node.value):
                inner = f"{path}[{place}]"
                self.lines.setdefault(inner, item.start_mark.line + 1)
                self.visit(item, inner, depth=depth + 1)
        elif isinstance(node, yaml.MappingNode):
            self._visit_mapping(node, path, depth=depth)
        elif "\0" in node.value:
            raise _refusal("the text holds a NUL character", self._file, line)

    def _visit_mapping(self, node: Any, path: str, *, depth: int) -> None:
        seen: set[str] = set()
        merged: list[Any] = []
        for key, value in node.value:
            if key.tag == _MERGE:
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
                continue
            name = self._key(key, seen)
            inner = f"{path}.{name}" if path else name
            self.lines.setdefault(inner, key.start_mark.line + 1)
            self.visit(value, inner, depth=depth + 1)
        for mapping in merged:  # what stands in the mapping itself goes before what is merged in
            self.visit(mapping, path, depth=depth + 1)

    def _key(self, key: Any, seen: set[str]) -> str:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or key.tag != _STR:
            what = f"the key {key.value!r}" if isinstance(key, yaml.ScalarNode) else "a key"
            raise _refusal(f"{what} must be text; put it in quotes", self._file, line)
        name = str(key.value)
        if name in seen:
            detail = f"the key {name!r} stands here a second time"
            raise WrongValueError(*_told(detail, self._file, line))
        if "\0" in name:
            raise _refusal("the text holds a NUL character", self._file, line)
        seen.add(name)
        return name


def _json_document(text: str, file: str) -> Document | None:
    """Return ``text`` as JSON where YAML refuses it, as it does some escapes; lines are lost."""
    stripped = text.lstrip("\ufeff \t\r\n")
    if not stripped.startswith(_OPENINGS):
        return None
    try:
        data = json.loads(stripped, object_pairs_hook=_pairs, parse_constant=_no_constant)
        document = next(_documents(json.dumps(data, ensure_ascii=False), file), None)
    except (ValueError, RecursionError, yaml.YAMLError):
        return None
    return None if document is None else Document(document.data, file=file)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands a second time")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _refusal(detail: str, file: str, line: int) -> InvalidError:
    return InvalidError(*_told(detail, file, line))


def _told(detail: str, file: str, line: int) -> tuple[str, list[Problem]]:
    problem = Problem(re.sub(r"\s+", " ", detail), file=file or None, line=line)
    return str(problem), [problem]
