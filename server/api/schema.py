"""The description of the API at /schema: every answer with its shape, refusals with examples."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from litestar import Router
from litestar._openapi.schema_generation import SchemaCreator
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.spec import (
    Components,
    Example,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
)
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from server.api.errors import MEDIA_TYPE, CursorProblem, Problem, problem_for
from server.api.guards import PUBLIC, SESSION_HEADER
from server.api.sentences import SENTENCES
from server.api.wire import REF, Json, Yaml
from server.refusals import Code, Refusal

PUSH: Final = REF.format(name="Push")
DEVICE: Final[list[dict[str, list[str]]]] = [{"device": []}]
PERSON: Final[list[dict[str, list[str]]]] = [{"device": [], "session": []}]

_FACTS: Final[dict[str, Any]] = {
    "reason": "Expected `int`, got `str` - at `$.quantity`", "left": 4, "digits": 6, "minutes": 5,
    "seconds": 3,
    "own": "FACTORY", "asked": "OTHER", "site": "OTHER", "badge": "B-1001", "document": "PO-127",
    "item": "BE-2908", "kind": "supplier", "partner": "1580", "place": "06-B-10", "line": 1,
    "missing": "quantity", "person": "1001", "reference": "5f0c3a1b", "name": "stat",
    "known": "state, limit, start", "scanned": "PO-127",
}  # fmt: skip


class PackedTypes(OpenAPISchemaPlugin):
    """Describes what the framework can't: JSON passed on unread, and rows written as arrays."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:  # noqa: ANN401 - the framework's signature
        return value is msgspec.Raw or (
            isinstance(value, type)
            and issubclass(value, msgspec.Struct)
            and value.__struct_config__.array_like
        )

    def to_openapi_schema(
        self, field_definition: FieldDefinition, schema_creator: SchemaCreator
    ) -> Schema:
        del schema_creator
        if field_definition.annotation is msgspec.Raw:
            return Schema(description="JSON as it was sent")
        fields = ", ".join(field_definition.annotation.__struct_fields__)
        return Schema(type=OpenAPIType.ARRAY, items=Schema(), description=f"[{fields}]")


@dataclass
class PushOperation(Operation):
    """The push is decoded by hand, after unpacking; `wire.py` describes its body."""

    request_body: RequestBody | None = field(
        default_factory=lambda: RequestBody(
            required=True,
            description="A push (see docs/protocol.md), plain or gzip, in seq order.",
            content={"application/json": OpenAPIMediaType(schema=Reference(ref=PUSH))},
        )
    )

    def __post_init__(self) -> None:
        """Keep the description where the framework found no body of its own."""
        self.request_body = self.request_body or PushOperation().request_body


def problems(*codes: Code, cursor: bool = False) -> dict[int, ResponseSpec]:
    """Return the refusals of a route by status, each with the sentence that people read."""
    by_status: dict[int, list[Code]] = {}
    for code in (*codes, Code.INTERNAL):
        by_status.setdefault(SENTENCES[code].status, []).append(code)
    answers = {status: _spec(codes_of) for status, codes_of in by_status.items()}
    if cursor:
        answers[410] = ResponseSpec(
            CursorProblem, generate_examples=False, media_type=MEDIA_TYPE,
            description="The cursor is of no use any more: fetch a snapshot",
        )  # fmt: skip
    return answers


def _spec(codes: Sequence[Code]) -> ResponseSpec:
    examples = [
        Example(
            summary=code,
            value=msgspec.to_builtins(problem_for(Refusal(code, **_FACTS), chinese=no)),
        )
        for code in codes
        for no in (False,)
    ]
    titles = ", ".join(SENTENCES[code].title for code in codes)
    return ResponseSpec(
        Problem, generate_examples=False, media_type=MEDIA_TYPE, description=titles,
        examples=examples,
    )  # fmt: skip


ANY: Final = (Code.INVALID, Code.QUERY_UNKNOWN, Code.MALFORMED, Code.BUSY)
BODY: Final = (Code.TOO_LARGE, Code.MEDIA_TYPE, Code.NOT_GZIP)
STORING: Final = (Code.STORAGE_FULL, Code.CLOCK_BEHIND, Code.CLOCK_AHEAD)
AS_DEVICE: Final = (*ANY, Code.DEVICE_UNKNOWN, Code.DEVICE_REVOKED)
AS_WORKER: Final = (*AS_DEVICE, Code.SIGN_IN)
AS_SUPERVISOR: Final = (*AS_WORKER, Code.SUPERVISOR_ONLY, *STORING)


def openapi(version: str) -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Bincard",
        version=version,
        description="Devices push what was scanned and pull what the ledger made of it. "
        "Quantities are whole numbers of the base unit, times milliseconds since 1970 UTC.",
        use_handler_docstrings=True,
        render_plugins=[Json(path=["/", "/openapi.json"]), Yaml()],
        openapi_router=Router("/schema", route_handlers=[], opt=PUBLIC, include_in_schema=False),
        components=Components(
            security_schemes={
                "device": SecurityScheme(type="http", scheme="bearer", name="device"),
                "session": SecurityScheme(
                    type="apiKey", name=SESSION_HEADER, security_scheme_in="header"
                ),
            }
        ),
    )
