"""The generated parts of docs/protocol.md: fields of the structs, verbs, and refusals.

The page itself is written by hand. Between `<!-- NAME -->` and `<!-- end -->` stands what is made
here of the structs, so that those parts follow them by themselves.
"""

import re
from pathlib import Path
from typing import Any, Final

from server.api.sentences import SENTENCES
from server.api.wire import schemas
from sync.operations import Fact, Intent

PAGE: Final = Path(__file__).parents[1] / "docs" / "protocol.md"
_PART: Final = re.compile(r"<!-- ([a-z]+)(?: ([A-Za-z ]+))? -->\n.*?<!-- end -->", re.DOTALL)
_SHOWN_MAX: Final = 40


def page() -> str:
    """Return docs/protocol.md with its generated parts as they are now."""
    known = schemas()
    return _PART.sub(lambda match: _part(match, known), PAGE.read_text(encoding="utf-8"))


def _part(match: re.Match[str], known: dict[str, Any]) -> str:
    head = match[0].partition("\n")[0]
    lines = {"fields": _fields, "verbs": _verbs, "refusals": _refusals}[match[1]](match[2], known)
    return "\n".join([head, *lines, "<!-- end -->"])


def _fields(names: str, known: dict[str, Any]) -> list[str]:
    """List the fields of structs, in bold what must be there."""
    lines = ["| | field | what it holds |", "|---|---|---|"]
    for name in names.split():
        shape = known[name]
        if "prefixItems" in shape:
            lines.append(f"| {name} | an array | {_type(shape)} |")
        for field, schema in shape.get("properties", {}).items():
            lines.append(f"| {name} | {_name(field, shape)} | {_type(schema)} |")
    return lines


def _verbs(_: str, known: dict[str, Any]) -> list[str]:
    """List what can be done, with the fields of each."""
    lines = ["| class | verb | fields |", "|---|---|---|"]
    for class_, verbs in (("fact", Fact), ("intent", Intent)):
        for verb in verbs.__args__:
            shape = known[verb.__name__]
            rest = {name: of for name, of in shape["properties"].items() if name != "verb"}
            fields = "; ".join(f"{_name(name, shape)} {_type(of)}" for name, of in rest.items())
            lines.append(f"| {class_} | `{verb.__struct_config__.tag}` | {fields} |")
    return lines


def _refusals(_: str, __: dict[str, Any]) -> list[str]:
    """List why a request is refused, by status."""
    lines = ["| status | code | |", "|---|---|---|"]
    rows = sorted(
        (sentence.status, code.value, sentence.title) for code, sentence in SENTENCES.items()
    )
    return lines + [f"| {status} | `{code}` | {title} |" for status, code, title in rows]


def _name(field: str, shape: dict[str, Any]) -> str:
    return f"**`{field}`**" if field in shape.get("required", ()) else f"`{field}`"


def _type(schema: dict[str, Any]) -> str:
    """Say in a few words what a schema lets through."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " or ".join("null" if one is None else f"`{one}`" for one in schema["enum"])
    if "prefixItems" in schema:
        return f"[{', '.join(_type(part) for part in schema['prefixItems'])}]"
    match schema.get("type"):
        case "string":
            return _text(schema)
        case "integer":
            return _number(schema)
        case "array":
            most = f", ≤ {schema['maxItems']}" if "maxItems" in schema else ""
            return f"list of {_type(schema['items'])}{most}"
        case str() as kind:
            return {"boolean": "true or false"}.get(kind, kind)
        case _:
            return "any JSON"


def _text(schema: dict[str, Any]) -> str:
    if "pattern" in schema:
        return f"text `{schema['pattern']}`"
    return f"text ≤ {schema['maxLength']}" if "maxLength" in schema else "text"


def _number(schema: dict[str, Any]) -> str:
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    sign = ">" if "exclusiveMinimum" in schema else "≥"
    return "whole number" if least is None or least < 0 else f"whole number {sign} {least}"
