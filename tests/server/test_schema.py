"""The description at /schema is true: whatever it allows gets an answer that it describes."""

import httpx
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ENDLESS = "/sync/poke"
"""A stream of events has its own test."""


def questions(server):
    schema = schemathesis.openapi.from_url(f"{server.origin}/schema/openapi.json")
    for found in schema.exclude(path=ENDLESS).get_all_operations():
        yield found.ok()


def ask(operation, headers):
    """Ask a route many things that its description allows, and look at each answer."""

    @given(case=operation.as_strategy())
    @settings(
        max_examples=12, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def one(case):
        case.call_and_validate(headers=headers, checks=CHECKS)

    one()


def test_every_answer_is_described(described):
    server, headers = described
    asked = [operation.label for operation in questions(server)]
    assert len(asked) > 20
    for operation in questions(server):
        ask(operation, headers)


def test_every_refusal_is_described_with_a_sentence(described):
    server, _ = described
    paths = httpx.get(f"{server.origin}/schema/openapi.json").json()["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            refusals = {
                status: answer
                for status, answer in operation["responses"].items()
                if status >= "400" and status not in {"409", "410"}
            }
            assert refusals, f"{method} {path}"
            for status, answer in refusals.items():
                (media_type,) = answer["content"]
                assert media_type == "application/problem+json", f"{method} {path} {status}"
                assert answer["content"][media_type]["examples"], f"{method} {path} {status}"
