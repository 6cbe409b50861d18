"""The shapes of the sync protocol in the description at /schema, made of the structs themselves.

The framework describes what it decodes; pushes, envelopes and rows are decoded by hand, some of
them in steps, so that bytes stay as they came. Here each such field is named with what is in it.
"""

from typing import Any, Final

import msgspec
from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin

from sync import messages, operations
from sync.records import FEED

REF: Final = "#/components/schemas/{name}"
_ANY: Final = {"description": "Any JSON value."}
_RAW: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("Push", "operations"): {"type": "array", "items": {"$ref": REF.format(name="Envelope")}},
    ("Envelope", "body"): {"$ref": REF.format(name="Body")},
    ("Body", "did"): {"$ref": REF.format(name="Did")},
    ("Pushed", "verdicts"): {"type": "array", "items": {"$ref": REF.format(name="Verdict")}},
}
"""Fields that are kept as bytes, and what is in them."""

_STRUCTS: Final = (
    messages.Push, operations.Envelope, operations.Body, messages.Pushed, messages.Verdict,
    messages.Conflict, messages.Page, messages.Snapshot, messages.Chunk,
)  # fmt: skip


def schemas() -> dict[str, Any]:
    """Return the JSON Schema of each struct of the protocol by name, verbs and keys among them."""
    payloads = [struct for struct, _ in FEED.values()]
    (did, *_), found = msgspec.json.schema_components(
        [operations.Did, *_STRUCTS, *payloads], schema_hook=lambda _: _ANY, ref_template=REF
    )
    about = "What was done: a fact or an intent. A verb that the server does not know is parked."
    found |= {"Did": {"title": "Did", "description": about, **did}, "Row": _row(found["Row"])}
    for (struct, field), schema in _RAW.items():
        fields = found[struct]["properties"]
        kept = {
            name: fields[field][name] for name in ("maxItems", "default") if name in fields[field]
        }
        fields[field] = {**schema, **kept}
    return found


def _row(plain: dict[str, Any]) -> dict[str, Any]:
    """Describe a row of the feed kind by kind: each has a payload of its own."""
    text, number = {"type": "string"}, {"type": "integer"}
    kinds = []
    for kind, (struct, _) in FEED.items():
        payload = {"anyOf": [{"$ref": REF.format(name=struct.__name__)}, {"type": "null"}]}
        parts = [{"const": kind}, text, number, payload]
        kinds.append({"type": "array", "prefixItems": parts, "minItems": len(parts)})
    return {"title": plain["title"], "description": plain["description"], "anyOf": kinds}


def completed(description: dict[str, Any]) -> dict[str, Any]:
    """Return the framework's description with the protocol's shapes in place of its own."""
    parts = description["components"]
    return {**description, "components": {**parts, "schemas": {**parts["schemas"], **schemas()}}}


class Json(JsonRenderPlugin):
    """The description as JSON."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Render it with the shapes of the protocol."""
        return super().render(request, completed(openapi_schema))


class Yaml(YamlRenderPlugin):
    """The description as YAML."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Render it with the shapes of the protocol."""
        return super().render(request, completed(openapi_schema))
