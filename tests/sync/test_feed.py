"""The feed, its scope and the hashes, by the vectors that the phone reads too."""

import json
from pathlib import Path

import pytest

from sync import feed, hashing, ids
from sync.operations import decode_did

VECTORS = Path(__file__).parents[1] / "vectors"


def read(name):
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def cases(name):
    return [pytest.param(case, id=case["name"]) for case in read(name)]


@pytest.mark.parametrize("case", cases("replica.json"))
def test_apply_to_replica(case):
    images, scope, scopes = {}, 0, []
    for page in case["pages"]:
        scope = feed.apply(images, scope, [tuple(row) for row in page])
        scopes.append(str(scope))
    live = [[*key, image.version] for key, image in images.items() if image.payload is not None]
    assert scopes == case["scopes"]
    assert live == case["live"]


def test_hashes_chain_links_scopes_and_ids():
    told = read("hashing.json")
    assert [hashing.sha256_hex(text.encode()) for text, _ in told["sha256"]] == [
        digest for _, digest in told["sha256"]
    ]
    for prev, payload, link in told["link"]:
        assert hashing.link(prev, payload) == link
    for kind, key, version, scope in told["scope"]:
        assert str(feed.scope_of(kind, key, version)) == scope
    for parts, text in told["key"]:
        assert feed.feed_key(*parts) == text
    for ms, random, device, text in told["operation_id"]:
        assert ids.operation_id(ms, bytes(random), device) == text


@pytest.mark.parametrize("case", cases("fold.json"))
def test_what_the_phone_folds_are_operations_that_the_server_takes(case):
    for operation in [*case["pending"], *case["known"].values()]:
        assert decode_did(json.dumps(operation["did"])) is not None


def test_goods_that_changed_places_with_each_other_show_in_the_scope():
    """[S4] A CRC alone is linear: those of two keys crossed over two places cancel."""

    def holding(place, key, version=7):
        return feed.scope_of("holding", feed.feed_key(place, key), version)

    cells = [(place, key) for place in "ABCDEFGH" for key in "stuvwxyz"]
    crossed = {
        (holding(a, x) + holding(b, y) - holding(a, y) - holding(b, x)) % feed.SCOPE_MODULUS
        for a, x in cells
        for b, y in cells
        if a < b and x < y
    }
    assert 0 not in crossed
    assert len(crossed) == 28 * 28


def test_two_versions_of_a_row_never_add_the_same():
    """[S4] What a row adds is one to one in its version."""
    assert len({feed.scope_of("item", "x", version) for version in range(20_000)}) == 20_000
