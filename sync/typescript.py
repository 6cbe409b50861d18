"""Writes the wire types in TypeScript, so that the phone's types can never drift from the structs.

Pure: the module returns text; `server.generate` writes it and checks that it is fresh.
A field with a default is optional where a device writes the struct, and always there where
the server does.
"""

import json
import typing
from collections.abc import Iterator
from types import ModuleType, NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from sync import gs1, messages, operations, papers, records, stock, vocabulary

_HEADER: Final = (
    "// Written by `python -m server.generate` from sync/. Change the structs, not this.\n"
)
_PLAIN: Final[dict[object, str]] = {
    str: "string", int: "number", float: "number", bool: "boolean", NoneType: "null",
    object: "unknown", msgspec.Raw: "unknown",
}  # fmt: skip
_SKIPPED: Final = frozenset({records.Row, operations.Verb})
"""Bases that never travel by themselves."""
_RAW: Final = {
    (operations.Body, "did"): "Did",
    (messages.Pushed, "verdicts"): "Verdict[]",
}
"""Fields that Python keeps as bytes, and what is in them."""
_BY_DEVICE: Final = frozenset({messages.Push, messages.Dated, messages.Exchange})
_LIMITS: Final[dict[str, int]] = {
    "QUANTITY_MAX": stock.QUANTITY_MAX,
    "ENVELOPE_BYTES_MAX": operations.ENVELOPE_BYTES_MAX,
    "ENVELOPE_VERSION": operations.ENVELOPE_VERSION,
    "PUSH_OPERATIONS_MAX": messages.PUSH_OPERATIONS_MAX,
    "PULL_LIMIT_MAX": messages.PULL_LIMIT_MAX,
}


def typescript() -> str:
    """Return the whole text of `types.gen.ts`."""
    parts = [_HEADER, *_vocabularies(), *_literals()]
    for module in (stock, operations, messages, records):
        parts += [_struct(cls) for cls in _structs(module)]
    parts += [_union("Fact", operations.Fact), _union("Intent", operations.Intent)]
    parts += ["export type Did = Fact | Intent;\n", *_feed(), *_constants()]
    return "\n".join(parts)


def _vocabularies() -> Iterator[str]:
    for cls in (vocabulary.Outcome, vocabulary.Severity, vocabulary.Code):
        yield _alias(cls.__name__, _choice([member.value for member in cls]), cls.__doc__)


def _literals() -> Iterator[str]:
    yield _alias("Counter", _choice(list(papers.COUNTER_NAMES)), "A counter of a line.")
    yield _alias("Status", _choice(list(get_args(stock.Status))), "What may be done with goods.")


def _structs(module: ModuleType) -> Iterator[type[Struct]]:
    for thing in vars(module).values():
        mine = isinstance(thing, type) and thing.__module__ == module.__name__
        if (
            mine
            and issubclass(thing, Struct)
            and thing not in _SKIPPED
            and thing.__name__[0] != "_"
        ):
            yield thing


def _struct(cls: type[Struct]) -> str:
    config = cls.__struct_config__
    hints = typing.get_type_hints(cls, include_extras=True)
    fields = [field for field in msgspec.structs.fields(cls) if not _is_version_of_row(cls, field)]
    if config.array_like:
        inner = ", ".join(f"{field.encode_name}: {_type(hints[field.name])}" for field in fields)
        return _alias(cls.__name__, f"[{inner}]", cls.__doc__)
    lines = [f"  {config.tag_field}: {json.dumps(config.tag)};"] if config.tag_field else []
    for field in fields:
        mark = "" if field.required or not _may_omit(cls) else "?"
        shape = _RAW.get((cls, field.name)) or _type(hints[field.name])
        lines.append(f"  {field.encode_name}{mark}: {shape};")
    body = "\n".join(lines)
    return f"{_remark(cls.__doc__)}export interface {cls.__name__} {{\n{body}\n}}\n"


def _is_version_of_row(cls: type[Struct], field: msgspec.structs.FieldInfo) -> bool:
    """Say whether a field is the version of a row, which travels beside the payload."""
    return field.name == "version" and issubclass(cls, records.Row)


def _may_omit(cls: type[Struct]) -> bool:
    made_by_device = cls.__module__ in {stock.__name__, operations.__name__} or cls in _BY_DEVICE
    return made_by_device or cls.__struct_config__.omit_defaults


def _type(hint: Any) -> str:  # noqa: ANN401  (a type hint has no type of its own)
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _type(inner[0])
    if origin is Literal:
        return "Status" if hint == stock.Status else _choice(list(inner))
    if origin in {Union, UnionType}:
        return " | ".join(dict.fromkeys(_type(part) for part in inner))
    if origin is tuple:
        many = inner[-1] is Ellipsis
        return _array(_type(inner[0])) if many else f"[{', '.join(map(_type, inner))}]"
    if origin is dict:
        return f"Record<string, {_type(inner[1])}>"
    return str(hint.__name__)


def _array(inner: str) -> str:
    return f"({inner})[]" if "|" in inner else f"{inner}[]"


def _choice(values: list[str]) -> str:
    return " | ".join(json.dumps(value) for value in values)


def _union(name: str, union: Any) -> str:  # noqa: ANN401
    return _alias(name, " | ".join(cls.__name__ for cls in get_args(union)), None)


def _alias(name: str, shape: str, remark: str | None) -> str:
    return f"{_remark(remark)}export type {name} = {shape};\n"


def _remark(text: str | None) -> str:
    """Keep the first paragraph of a docstring: the rest speaks to Python's readers."""
    if not text or text.startswith("str(object"):
        return ""
    return f"/** {' '.join(text.split(chr(10) * 2)[0].split())} */\n"


def _feed() -> Iterator[str]:
    kinds = "\n".join(f"  {kind}: {cls.__name__};" for kind, (cls, _) in records.FEED.items())
    yield f"/** Payload of each kind of the feed. */\nexport interface Feed {{\n{kinds}\n}}\n"
    keys = "\n".join(
        f"  {kind}: {json.dumps(fields)}," for kind, (_, fields) in records.FEED.items()
    )
    yield "/** The fields of a payload that make its key. */"
    yield f"export const FEED_KEYS = {{\n{keys}\n}} as const;\n"


def _constants() -> Iterator[str]:
    yield from (f"export const {name} = {value};" for name, value in _LIMITS.items())
    tags = [cls.__struct_config__.tag for cls in get_args(operations.Intent)]
    yield f"export const INTENTS: readonly string[] = {json.dumps(tags)};"
    rows = ", ".join(f'"{" ".join(name)}": "{told}"' for name, told in papers.COUNTERS.items())
    yield "/** Kind of a paper, role of a line, way of the goods: the counter that moves. */"
    yield f"export const COUNTERS: Readonly<Record<string, Counter | undefined>> = {{ {rows} }};"
    yield f"export const VIRTUAL: readonly string[] = {json.dumps(sorted(stock.VIRTUAL))};\n"


def gs1_typescript() -> str:
    """Return the text of `gs1.gen.ts`: the table that both parsers are made of."""
    digits = json.dumps(sorted(gs1.SELF_DELIMITING))
    return (
        f"{_HEADER}\nexport const TABLE = `\n{gs1.TABLE}\n`;\n\n"
        f"export const SELF_DELIMITING: readonly string[] = {digits};\n"
    )
