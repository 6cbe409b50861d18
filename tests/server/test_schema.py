"""The description at /schema is true: whatever it allows gets an answer that it describes."""

import json
import re

import httpx
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sync.messages import PUSH_OPERATIONS_MAX, Push
from sync.operations import Did
from sync.records import FEED

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


def test_a_push_is_described_to_the_last_verb_and_key(described):
    """By the structs themselves: what a device may say can never drift from what is described."""
    server, _ = described
    told = httpx.get(f"{server.origin}/schema/openapi.json").json()
    body = told["paths"]["/sync/push"]["post"]["requestBody"]["content"]["application/json"]
    shapes = told["components"]["schemas"]
    assert body["schema"] == {"$ref": "#/components/schemas/Push"}
    assert set(shapes["Push"]["properties"]) == set(Push.__struct_fields__)
    assert shapes["Push"]["properties"]["operations"]["items"] == ref("Envelope")
    assert shapes["Push"]["properties"]["operations"]["maxItems"] == PUSH_OPERATIONS_MAX
    assert shapes["Envelope"]["properties"]["body"] == ref("Body")
    assert shapes["Body"]["properties"]["did"] == ref("Did")
    verbs = {cls.__name__: cls.__struct_config__.tag for cls in Did.__args__}
    assert shapes["Did"]["anyOf"] == [ref(name) for name in verbs]
    for name, tag in verbs.items():
        assert shapes[name]["properties"]["verb"] == {"enum": [tag]}
    assert shapes["Pick"]["properties"]["key"] == ref("Key")
    assert set(shapes["Key"]["properties"]) == {"item", "lot", "serial", "status", "owner"}
    (told_200,) = told["paths"]["/sync/push"]["post"]["responses"]["200"]["content"].values()
    assert told_200["schema"] == ref("Pushed")
    assert shapes["Pushed"]["properties"]["verdicts"]["items"] == ref("Verdict")
    (page,) = told["paths"]["/sync/pull"]["get"]["responses"]["200"]["content"].values()
    assert page["schema"] == ref("Page")
    kinds = [row["prefixItems"][0]["const"] for row in shapes["Row"]["anyOf"]]
    assert kinds == list(FEED)


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def test_every_reference_of_the_description_leads_somewhere(described):
    server, _ = described
    text = httpx.get(f"{server.origin}/schema/openapi.json").text
    shapes = set(json.loads(text)["components"]["schemas"])
    assert set(re.findall(r'"#/components/schemas/([^"]+)"', text)) <= shapes
