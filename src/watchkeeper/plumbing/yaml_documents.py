"""YAML and JSON text to documents that know their lines, and back.

Safe types only, within limits (reliability.md S21), and times stay the text that was written: a
wall-clock time must not be taken for UTC.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from watchkeeper.kernel.documents import Document, Json
from watchkeeper.kernel.errors import InvalidError, Problem

MAX_CHARACTERS = 16 * 1024 * 1024
MAX_ALIASES = 100
MAX_DEPTH = 50
MAX_NODES = 100_000


class _Loader(yaml.SafeLoader):
    """SafeLoader that leaves times as text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


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
    if "\0" in text:
        raise _refusal("the text holds a NUL character", file, 1)
    loader = _Loader(text)
    documents: list[Document] = []
    try:
        _count_aliases(text, file)
        while loader.check_node():
            node = loader.get_node()
            document = _document(loader, node, file)
            if document is not None:
                documents.append(document)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = error.problem or error.context
        raise _refusal(f"this is not YAML: {what}", file, line) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _refusal(f"this is not YAML: {error}", file, 1) from error
    finally:
        loader.dispose()
    return documents


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


def _count_aliases(text: str, file: str) -> None:
    aliases = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            aliases += 1
            if aliases > MAX_ALIASES:
                line = event.start_mark.line + 1
                raise _refusal(f"more than {MAX_ALIASES} aliases", file, line)


def _document(loader: _Loader, node: Any, file: str) -> Document | None:
    lines: dict[str, int] = {}
    line = node.start_mark.line + 1
    _walk(node, "", lines, file, depth=0, count=[0])
    data = loader.construct_document(node)
    if data is None:
        return None
    if not isinstance(data, dict):
        raise _refusal("a document is a mapping of keys to values", file, line)
    return Document(data, file=file, line=line, lines=lines)


def _walk(
    node: Any, path: str, lines: dict[str, int], file: str, *, depth: int, count: list[int]
) -> None:
    """Note the line of every path, and refuse what is too deep, too large or twice there."""
    count[0] += 1
    line = node.start_mark.line + 1
    if depth > MAX_DEPTH:
        raise _refusal(f"nested more than {MAX_DEPTH} deep", file, line)
    if count[0] > MAX_NODES:
        raise _refusal(f"more than {MAX_NODES} values", file, line)
    if isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            inner = f"{path}[{place}]"
            lines[inner] = item.start_mark.line + 1
            _walk(item, inner, lines, file, depth=depth + 1, count=count)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = _key(key, seen, file)
            inner = f"{path}.{name}" if path else name
            lines[inner] = key.start_mark.line + 1
            _walk(value, inner, lines, file, depth=depth + 1, count=count)


def _key(key: Any, seen: set[str], file: str) -> str:
    line = key.start_mark.line + 1
    if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
        what = getattr(key, "value", "this")
        raise _refusal(f"the key {what!r} must be text; put it in quotes", file, line)
    if key.value in seen:
        raise _refusal(f"the key {key.value!r} stands here a second time", file, line)
    seen.add(str(key.value))
    return str(key.value)


def _refusal(detail: str, file: str, line: int) -> InvalidError:
    problem = Problem(re.sub(r"\s+", " ", detail), file=file or None, line=line)
    return InvalidError(str(problem), [problem])
