"""The demo site is the real factory: counted, conserved, and consistent with itself."""

from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from server.imports import opening, tsv
from server.imports.extract import FACTORY, extract
from server.imports.factory import (
    DEMO_PEOPLE,
    SITE,
    SUPERVISOR,
    factory_rows,
    factory_stock,
    load,
    opening_operations,
)
from sync import records
from sync.operations import Receive, decode_did
from sync.stock import key_text
from tests.imports.fake_book import FakeBook

NOW = 1_795_300_000_000
SOURCE = Path(__file__).parents[3] / "shared" / "data" / "adventureworks"
ROWS = factory_rows()


def rows(kind):
    return [row for row in ROWS if isinstance(row, kind)]


def facts():
    return [decode_did(body.did) for body in opening_operations(NOW)]


def held():
    """Quantity by item, as the opening facts leave it."""
    count = Counter()
    for fact in facts():
        count[fact.key.item] += fact.quantity
    return count


def lines_of(kind):
    numbers = {row.document for row in rows(records.Document) if row.kind == kind}
    return [line for line in rows(records.Line) if line.document in numbers]


def test_the_site_comes_first_and_has_what_the_source_has():
    assert ROWS[0].site == SITE
    assert len(rows(records.Warehouse)) == 14
    assert Counter(row.kind for row in rows(records.Item)) == {
        "finished": 295, "made": 27, "raw": 182,
    }  # fmt: skip
    assert Counter(row.kind for row in rows(records.Partner)) == {"supplier": 104, "customer": 6}
    assert Counter(row.kind for row in rows(records.Document)) == {
        "purchase": 60, "sales": 12, "work": 12, "count": 2,
    }  # fmt: skip
    assert len(lines_of("purchase")) == 127
    assert len(lines_of("count")) == 12


def test_the_opening_stock_is_1069_facts_and_every_piece_of_the_source():
    assert len(facts()) == 1069
    assert sum(fact.quantity for fact in facts()) == 335_974
    assert all(isinstance(fact, Receive) and fact.from_ == opening.FROM for fact in facts())


def test_four_empty_rows_are_no_facts_and_four_bins_hold_two_lots_of_one_item():
    stock = factory_stock()
    assert len(stock) == 1069 + 4
    assert sum(not line.quantity for line in stock) == 4
    there = Counter((line.item, line.place) for line in stock)
    assert sum(count == 2 for count in there.values()) == 4


def test_no_key_stands_twice_at_one_place():
    seen = Counter((fact.to.text, key_text(fact.key)) for fact in facts())
    assert max(seen.values()) == 1
    assert len({body.id for body in opening_operations(NOW)}) == 1069


def test_stock_lies_in_known_bins_with_the_lots_and_dates_that_its_item_asks_for():
    items = {row.item: row for row in rows(records.Item)}
    bins = {row.location for row in rows(records.Location)}
    for fact in facts():
        item = items[fact.key.item]
        assert fact.to.text in bins
        assert bool(fact.key.lot) == item.lots
        assert bool(fact.key.lot and fact.key.lot.expires) == item.dated
        assert fact.fifo_date <= "2026-11-05"


def test_the_walk_passes_every_place_once_and_turns_at_the_end_of_a_shelf():
    path = sorted(rows(records.Location), key=lambda row: row.walk)
    assert [row.walk for row in path] == list(range(1, len(path) + 1))
    assert path[0].kind == "dock"
    assert path[-1].kind == "stage"
    turns = {code: row.walk for row in path for code in [row.location]}
    assert turns["01-C-01"] == turns["01-C-02"] + 1
    assert turns["01-D-02"] == turns["01-D-01"] + 1


def test_there_are_empty_bins_to_put_goods_away():
    full = {fact.to.text for fact in facts()}
    assert {"06-L-04", "50-R-02"} <= {row.location for row in rows(records.Location)} - full


def test_the_names_are_chinese_but_for_what_has_no_chinese():
    for item in rows(records.Item):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in item.name_zh), item.name
        latin = {w for w in item.name_zh.split() if w.isascii() and not w.isdigit()}
        assert latin <= {"HL", "ML", "LL", "AWC", "S", "M", "L", "XL", "(4", "(8"}, item.name_zh


@pytest.mark.parametrize(
    ("name", "name_zh"),
    [
        ("Bearing Ball", "轴承钢珠"),
        ("Headset Ball Bearings", "头碗钢珠"),
        ("Paint - Silver", "银色油漆"),
        ("Mountain-100 Silver, 38", "山地车-100 银色 38"),
        ("ML Mountain Frame-W - Silver, 40", "ML 女款山地车架 银色 40"),
    ],
)
def test_a_name_reads_as_a_factory_writes_it(name, name_zh):
    assert {row.name: row.name_zh for row in rows(records.Item)}[name] == name_zh


def test_every_gtin_has_a_right_check_digit_and_belongs_to_one_item():
    aliases = [alias for row in rows(records.Item) for alias in row.aliases]
    assert len(aliases) == len(set(aliases)) > 300
    for alias in aliases:
        assert len(alias) == 14
        assert alias.startswith("02")
        assert sum(int(d) * (3 if n % 2 == 0 else 1) for n, d in enumerate(alias)) % 10 == 0


def test_documents_name_known_items_partners_and_places_and_nothing_is_done_yet():
    items = {row.item for row in rows(records.Item)}
    partners = {row.partner for row in rows(records.Partner)} | {None}
    places = {row.location for row in rows(records.Location)} | {None}
    assert {row.partner for row in rows(records.Document)} <= partners
    for line in rows(records.Line):
        assert (line.item in items) is (line.place is None)
        assert line.place in places
        assert line.quantity > 0
        assert line.done == 0


def test_everything_that_sales_and_work_orders_ask_for_is_in_stock():
    stock = held()
    for line in [*lines_of("sales"), *lines_of("work")]:
        assert stock[line.item] >= line.quantity, line


def test_two_sales_orders_both_ask_for_the_last_units():
    twins = [line for line in lines_of("sales") if line.document in {"SO-75111", "SO-75112"}]
    assert [line.quantity for line in twins] == [held()["GL-H102-L"]] * 2


def test_the_headset_order_needs_24_bearings_of_which_the_older_lot_shares_its_bin():
    (line,) = [x for x in lines_of("work") if (x.document, x.item) == ("WO-71774", "BE-2908")]
    assert line.quantity == 24
    there = {f.key.lot.code: f for f in facts() if f.key.item == "BE-2908"}
    in_bin = {f.key.lot.code for f in facts() if f.to.text == "06-B-10"}
    assert in_bin == {"K1009", "K1102"}
    assert there["K1009"].fifo_date < there["K1102"].fifo_date


def test_demo_people_have_badges_and_pins_of_their_own():
    assert len({who.badge for who in DEMO_PEOPLE}) == len({who.pin for who in DEMO_PEOPLE}) == 4
    assert {who.person: who.role for who in DEMO_PEOPLE}[SUPERVISOR] == "supervisor"


@pytest.mark.parametrize("epoch", [1, 7])
async def test_loading_founds_the_site_and_pushes_the_stock_in_one_chain(epoch):
    book = FakeBook(SITE, epoch)
    verdicts = await load(book, [], NOW)
    assert len(verdicts) == len(book.bodies) == 1069
    assert book.rows == ROWS
    assert all(body.wall < NOW for body in book.bodies.values())


async def test_the_same_stock_at_the_same_moment_is_the_same_bytes():
    first, second = (list(opening.pushes(SITE, "a", opening_operations(NOW), NOW)) for _ in "ab")
    assert first == second
    assert [push.leaving for push in first] == [False] * 10 + [True]


def test_nobody_has_edited_the_extract_by_hand():
    for line in (FACTORY / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split()
        assert sha256((FACTORY / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.skipif(not SOURCE.exists(), reason="the source tables lie beside the project only")
def test_the_extract_is_what_the_source_gives_today(tmp_path):
    extract(SOURCE, tmp_path)
    for path in tmp_path.glob("*.tsv"):
        assert tsv.read(path) == tsv.read(FACTORY / path.name), path.name
