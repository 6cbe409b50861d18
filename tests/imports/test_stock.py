"""Opening stock: one identity for file and ledger, and each row in the book or named."""

import pytest

from server.imports.standing import Opened
from sync import records
from sync.stock import key_text
from tests.imports.known import ROWS, SITE, known, notes, problems, read, stock, told


def test_days_that_the_ledger_would_not_keep_do_not_swallow_rows():
    """M has no lots: these were one key, and 4 of 8 were lost."""
    found = read(
        "stock", "item,bin,quantity,expires\nM,A-01,4,2026-12-01\nM,A-01,4,2027-01-01\n", ROWS
    )
    assert [(one.line, one.code) for one in found.problems] == [
        (2, "lot_needed"),
        (3, "lot_needed"),
    ]
    assert "Not in the book: 2 rows, 8 pieces, lines 2-3." in told(found)
    lots = "item,bin,quantity,lot,expires\nM,A-01,4,X,2026-12-01\nM,A-01,4,X,2027-01-01\n"
    assert [(one.quantity, one.expires) for one in stock(lots)] == [
        (4, "2026-12-01"), (4, "2027-01-01"),
    ]  # fmt: skip


def test_rows_of_one_identity_are_added_up_and_it_is_said():
    found = read(
        "stock", "item,bin,quantity,received\nM,A-01,4,2026-02-01\nM,A-01,5,2026-01-01\n", ROWS
    )
    (group,) = found.decided.groups
    assert (group.stock.quantity, group.stock.fifo_date, group.lines) == (9, "2026-01-01", [2, 3])
    assert notes(found) == [(3, "merged")]
    assert "The same stock as line 2: added up to 9." in told(found)


def test_one_stock_at_two_costs_is_not_averaged():
    text = "item,bin,quantity,unit cost\nM,A-01,4,1.5\nM,A-01,4,2.5\n"
    assert problems("stock", text) == [(3, "cost_differs")]
    assert [one.quantity for one in stock(text)] == [4]


def test_status_supplier_and_owner_are_part_of_what_lies_there():
    text = (
        "item,bin,quantity,lot,status,supplier,owner\n"
        "L-1,A-01,4,K,ok,,\nL-1,A-01,5,K,待检,,\nL-1,A-01,6,K,,1580,\nL-1,A-01,7,K,,,1580\n"
    )
    assert [key_text(one.key) for one in stock(text)] == [
        '["L-1",["K",null,null],null,"ok",null]',
        '["L-1",["K",null,null],null,"quality",null]',
        '["L-1",["K",null,"1580"],null,"ok",null]',
        '["L-1",["K",null,null],null,"ok","1580"]',
    ]


def test_a_supplier_without_a_lot_has_nowhere_to_stay_and_a_partner_must_be_known():
    text = "item,bin,quantity,supplier,owner\nM,A-01,4,1580,\nM,A-02,4,,9999\n"
    assert problems("stock", text) == [(2, "lot_needed"), (3, "unknown_partner")]


def test_each_serial_is_one_piece():
    text = 'item,bin,quantity,serial no.\nS-1,A-01,2,"A1,A2"\nS-1,A-02,1,A3\n'
    assert [(one.place, one.serial, one.quantity) for one in stock(text)] == [
        ("A-01", "A1", 1), ("A-01", "A2", 1), ("A-02", "A3", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "told_of"),
    [
        ("S-1,A-01,2,\n", [(2, "serial_missing")]),
        ("S-1,A-01,3,A1;A2\n", [(2, "serial_count")]),
        ("S-1,A-01,1,A1\nS-1,A-02,1,A1\n", [(3, "serial_twice")]),
        ("S-1,A-01,2,A1;A9\n", [(2, "serial_known")]),
        ("S-1,A-01,0,\n", []),
    ],
)
def test_serials_that_do_not_fit_their_row_are_a_problem(rows, told_of):
    on = known(ROWS, serials={("S-1", "A9"): "06-B-10"})
    found = read("stock", f"item,bin,quantity,serial\n{rows}", on)
    assert [(one.line, one.code) for one in found.problems] == told_of


PACKED = [
    *ROWS,
    records.Item(item="C-1", name="Clip", unit="EA", units=(records.Unit("CS", 12),)),
]


def test_a_quantity_counts_in_the_unit_of_its_row_or_not_at_all():
    """A column of units that is not read makes 5 cartons 5 pieces."""
    text = "item,bin,quantity,uom\nC-1,A-01,5,CS\nC-1,A-02,5,EA\nC-1,06-B-10,5,盒\nM,A-01,5,\n"
    found = read("stock", text, PACKED)
    assert [group.stock.quantity for group in found.decided.groups] == [60, 5, 5]
    assert [(one.line, one.code, one.more) for one in found.problems] == [
        (4, "unknown_unit", "EA, CS"),
    ]
    assert "File: 4 rows, 75 pieces." in told(found)


def test_the_cost_of_a_pack_is_asked():
    text = "item,bin,quantity,unit,unit cost\nC-1,A-01,5,CS,12\nC-1,A-01,5,EA,1\n"
    assert problems("stock", text, tuple(PACKED)) == [(2, "cost_of_pack")]


def test_stock_of_nothing_is_named_and_not_posted():
    found = read("stock", "item,bin,quantity\nM,A-01,0\nM,A-02,4\n", ROWS)
    assert len(found.decided.groups) == 1
    assert "Of nothing: 1 row, line 2." in told(found)


def test_a_row_whose_quantity_cannot_be_read_is_named():
    found = read("stock", 'item,bin,quantity\nM,A-01,"1,5"\nM,A-02,4\nX,A-02,7\n', ROWS)
    text = told(found)
    assert "Not in the book: 2 rows, 7 pieces, lines 2, 4." in text
    assert "No quantity could be read in line 2." in text


def test_what_was_opened_before_is_known_by_its_identity():
    (one,) = stock("item,bin,quantity\nM,A-01,4\n")
    on = known(ROWS, opened={one.operation(SITE): Opened(4, "posted")})
    found = read("stock", "item,bin,quantity\nM,A-01,4\nM,A-02,5\n", on)
    assert [group.lines for group in found.decided.already] == [[2]]
    assert [group.lines for group in found.decided.groups] == [[3]]


# --- one code, one meaning ---------------------------------------------------------------------

SITE_ROWS = [
    records.Item(item="A-1", name="Bolt", aliases=("614141007349", "OLD")),
    records.Item(
        item="A-2", name="Nut", units=(records.Unit("CS", 12, aliases=("10012345678902",)),)
    ),
    records.Location(location="06-B-10", warehouse="06"),
    records.Document(document="PO-17", kind="purchase"),
    records.Partner(partner="1580", kind="supplier", name="Litware"),
    records.Alias(raw="CRATE", kind="location", code="06-B-10"),
]


@pytest.mark.parametrize(
    ("kind", "text", "owner"),
    [
        ("items", "item,name\n06-B-10,Bin\n", "the location 06-B-10"),
        ("items", "item,name\nPO-17,Order\n", "the document PO-17"),
        ("items", "item,name\nOLD,Old\n", "the item A-1"),
        ("items", "item,name\nCRATE,Crate\n", "the location 06-B-10"),
        ("items", "item,name,barcode\nN,New,1580\n", "the partner 1580"),
        ("items", "item,name,barcode\nN,New,00614141007349\n", "the item A-1"),
        ("items", "item,name,barcode\nN,New,10012345678902\n", "the item A-2, pack CS"),
        ("items", "item,name,barcode,units\nN,New,X,CS=12:X\n", "the item N"),
        ("items", "item,name,units\nN,New,CS=12:X; PAL=480:X\n", "the item N, pack CS"),
        ("items", "item,name,barcode\nN,New,X\nO,Other,X\n", "the item N"),
        ("items", "item,name,barcode\nN,New,042100005264\nO,Other,04252614\n", "the item N"),
        ("locations", "location,warehouse\nA-1,06\n", "the item A-1"),
        ("locations", "location,warehouse\n614141007349,06\n", "the item A-1"),
        ("partners", "partner,kind,name\n06-B-10,customer,X\n", "the location 06-B-10"),
    ],
)
def test_no_import_brings_in_a_code_with_two_meanings(kind, text, owner):
    """[G11]"""
    found = read(kind, text, SITE_ROWS)
    assert [one.code for one in found.problems] == ["code_taken"]
    assert owner in found.problems[0].sentence()


def test_a_thing_may_be_imported_again_with_its_own_codes_and_move_one_to_its_pack():
    text = "item,name,barcode,units\nA-1,Bolt,OLD,CS=12:614141007349\nA-2,Nut,,\n"
    found = read("items", text, SITE_ROWS)
    assert found.problems == []
    assert (len(found.decided.rows), found.decided.unchanged) == (1, 1)


def test_the_last_supervisor_stays_one():
    people = [records.Person(person="1", name="Fang", role="supervisor", badge="B1")]
    text = "number,name,role,badge\n1,Fang,worker,B1\n"
    assert problems("people", text, people) == [(2, "last_supervisor")]
    two = "number,name,role,badge\n2,Liu,supervisor,B2\n1,Fang,worker,B1\n"
    assert problems("people", two, people) == []
