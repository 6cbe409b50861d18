"""What cells of other systems' files mean: what is certain is read, all else is a problem row."""

import pytest

from server.imports.columns import TABLES, column_of
from server.imports.headings import plain
from tests.imports.known import ROWS, notes, problems, read, stock


def expires(cell, head="expires", **asked):
    text = f'item,bin,quantity,lot,{head}\nPA-1,A-01,4,K1,"{cell}"\n'
    found = read_stock(text, **asked)
    groups = found.decided.groups
    return groups[0].stock.expires if groups else found.problems[0].code


def read_stock(text, **asked):
    return read("stock", text, ROWS, **asked)


def quantity(cell, separator=",", **asked):
    row = separator.join(["M", "A-01", f'"{cell}"'])
    found = read_stock(f"{separator.join(['item', 'bin', 'quantity'])}\n{row}\n", **asked)
    groups = found.decided.groups
    return groups[0].stock.quantity if groups else found.problems[0].code


def cost(cell, **asked):
    found = read_stock(f'item,bin,quantity,unit cost\nM,A-01,4,"{cell}"\n', **asked)
    groups = found.decided.groups
    return groups[0].stock.unit_cost if groups else found.problems[0].code


def item(cell, **asked):
    found = read("items", f'item,name\n"{cell}",Bolt\n', **asked)
    rows = found.decided.rows
    return rows[0].item if rows else found.problems[0].code


def aliases(cell, **asked):
    found = read("items", f'item,name,barcode\nA,Bolt,"{cell}"\n', **asked)
    rows = found.decided.rows
    return rows[0].aliases if rows else found.problems[0].code


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-12", "month_only"),
        ("2026/12", "month_only"),
        ("2026年12月", "month_only"),
        ("260315", "not_a_day"),
        ("1112026", "not_a_day"),
        ("2026115", "not_a_day"),
        ("1/5/2027", "not_a_day"),
        ("2027-1/5", "not_a_day"),
        ("2027-02-30", "not_a_day"),
        ("20270230", "not_a_day"),
        ("45000", "not_a_day"),
        ("2027-09-30T13:00:00", "day_with_time"),
        ("2027-09-30 00:00:01", "day_with_time"),
        ("2072-09-30", "year_odd"),
        ("0207-09-30", "year_odd"),
        ("2027-09-30", "2027-09-30"),
        ("2027/9/5", "2027-09-05"),
        ("2027.9.30", "2027-09-30"),
        ("2027年9月30日", "2027-09-30"),
        ("20270930", "2027-09-30"),
        ("２０２７－０９－３０", "2027-09-30"),
        ("2027-09-30T00:00:00", "2027-09-30"),
        ("2027-09-30 00:00:00.000", "2027-09-30"),
        ("2027/9/30 0:00", "2027-09-30"),
        ("2027-09-30T00:00:00Z", "2027-09-30"),
    ],
)
def test_a_day_has_all_its_separators_or_eight_digits(cell, day):
    assert expires(cell) == day


def test_a_month_is_its_last_day_where_the_column_or_the_operator_says_so():
    assert expires("2028-02", "expires (last day)") == "2028-02-29"
    assert expires("2028年2月", "有效期至（月末）") == "2028-02-29"
    assert expires("2028/2", last_day=("expires",)) == "2028-02-29"
    assert expires("2028-13", last_day=("expires",)) == "not_a_day"


def test_a_day_that_is_over_gets_one_look_and_one_hard_to_believe_a_word_of_the_operator():
    """[G13]"""
    found = read_stock("item,bin,quantity,lot,expires\nPA-1,A-01,4,K1,2026-11-27\n")
    assert notes(found) == [(2, "expired")]
    assert len(found.decided.groups) == 1
    assert expires("2072-09-30", verbatim=("expires",)) == "2072-09-30"


def test_goods_came_in_before_today():
    text = "item,bin,quantity,received\nM,A-01,4,2027-01-01\n"
    assert problems("stock", text) == [(2, "year_odd")]


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("12,00", "decimal_unclear"),
        ("1,5", "decimal_unclear"),
        ("1.000", "decimal_unclear"),
        ("1.000.000", "decimal_unclear"),
        ("1,0000", "decimal_unclear"),
        ("1 200", "not_a_number"),
        ("1'200", "not_a_number"),
        ("4 pcs", "not_a_number"),
        ("1,200.000.000", "decimal_unclear"),
        ("0,125", "decimal_unclear"),
        ("1e3", "not_a_number"),
        ("1.5", "not_whole"),
        ("1,200", 1200),
        ("1,234,567", 1_234_567),
        ("1,200.00", 1200),
        ("12.00", 12),
        ("１２", 12),
        ("+12", 12),
        ("0012", 12),
    ],
)
def test_a_number_is_read_where_it_has_one_meaning(cell, number):
    assert quantity(cell) == number


@pytest.mark.parametrize(
    ("cell", "decimal", "number"),
    [
        ("1.000", ",", 1000),
        ("1.000", ".", 1),
        ("12,00", ",", 12),
        ("12,00", ".", "not_a_number"),
        ("1.234,00", ",", 1234),
        ("1,5", ",", "not_whole"),
        ("1,200", ".", 1200),
        ("1,200", ",", "not_whole"),
    ],
)
def test_the_operator_says_which_sign_is_the_decimal_one(cell, decimal, number):
    assert quantity(cell, decimal=decimal) == number


def test_a_comma_in_a_file_that_is_parted_by_semicolons_is_asked():
    assert quantity("1,200", ";") == "decimal_unclear"
    assert quantity("1,200", ";", decimal=".") == 1200
    assert quantity("1200", ";") == 1200


@pytest.mark.parametrize(
    ("cell", "micro"),
    [
        ("0.0125", 12_500),
        ("12.50", 12_500_000),
        ("1,234.5", 1_234_500_000),
        ("0.125", 125_000),
        ("0.000001", 1),
        ("0.0000001", "cost_fine"),
        ("12,5", "decimal_unclear"),
        ("1.250", "decimal_unclear"),
        ("-1", "quantity_negative"),
        ("9000000000", "cost_huge"),
    ],
)
def test_a_cost_is_exact_to_a_millionth(cell, micro):
    assert cost(cell) == micro


@pytest.mark.parametrize(
    ("cell", "code", "said"),
    [
        ("ＢＥ－２９０８", "BE-2908", True),
        ("00\u200b123", "00123", True),
        ('=""00123""', "00123", True),
        ("'00123", "00123", True),
        (" BE-2908\u00a0", "BE-2908", False),
        ("BE 2908", "BE 2908", False),
        ("10-01-02", "10-01-02", False),
        ("2908", "2908", False),
    ],
)
def test_a_code_is_stored_as_it_scans_and_what_was_cleaned_is_said(cell, code, said):
    """[G10]"""
    found = read("items", f'item,name\n"{cell}",Bolt\n')
    assert [row.item for row in found.decided.rows] == [code]
    assert notes(found) == ([(2, "cleaned")] if said else [])


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("6.9E+12", "code_damaged"),
        ("1E05", "code_damaged"),
        ("4711.0", "code_damaged"),
        ("#N/A", "cell_error"),
        ("#REF!", "cell_error"),
        ("#DIV/0!", "cell_error"),
        ("#######", "cell_error"),
        ("6-Jan", "code_is_date"),
        ("Jan-26", "code_is_date"),
        ("1月6日", "code_is_date"),
        ("2026-01-06", "code_is_date"),
        ("1/6/2026", "code_is_date"),
        ("2026-01-06 00:00:00", "code_is_date"),
        ("A\u0001B", "unprintable"),
        ("\u200b", "cell_missing"),
    ],
)
def test_a_code_that_a_spreadsheet_damaged_is_a_problem_row(cell, code):
    assert item(cell) == code
    bin_ = problems("locations", f'location,warehouse\n"{cell}",06\n')
    assert bin_ == [(2, code)]


def test_the_operator_takes_codes_as_they_stand():
    assert item("1E05", verbatim=("item",)) == "1E05"
    assert item("4711.0", verbatim=("Item",)) == "4711.0"
    assert item("6-Jan", verbatim=("item",)) == "6-Jan"
    assert item("#N/A", verbatim=("item",)) == "cell_error"
    zeros = "item,name\n0000471,A\n815,B\n"
    assert problems("items", zeros, verbatim=("item",)) == []
    assert problems("items", zeros, verbatim=("colour",)) == [(1, "column_unknown")]


def test_a_lot_may_be_a_day_but_not_one_that_a_spreadsheet_made():
    text = "item,bin,quantity,lot\nL-1,A-01,4,{}\n"
    assert stock(text.format("2026-01-06"))[0].lot == "2026-01-06"
    assert problems("stock", text.format("6-Jan")) == [(2, "code_is_date")]


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("614141007349,ABC;X、Y/Z", ("614141007349", "ABC", "X", "Y", "Z")),
        ("614141007349\n6923450657713", ("614141007349", "6923450657713")),
        ("4 006381 333931", ("4006381333931",)),
        ("4006381333931 6923450657713", ("4006381333931", "6923450657713")),
        ("PO 17", ("PO 17",)),
        ("12 34", ("12 34",)),
        ("A；B，C", ("A", "B", "C")),
        ("A,,A, ", ("A",)),
        ("6.9E+12,A", "code_damaged"),
    ],
)
def test_barcodes_part_at_signs_and_line_ends_never_inside_a_printed_number(cell, codes):
    assert aliases(cell) == codes


def test_a_list_that_is_taken_as_it_stands_is_one_code():
    assert aliases("A/12", verbatim=("barcode",)) == ("A/12",)


def test_packs_have_codes_of_their_own():
    """[G12]"""
    found = read("items", 'item,name,units\nA,Bolt,"CS=12:614141007349|X; PAL = 480"\n')
    units = [(u.code, u.factor, u.aliases) for u in found.decided.rows[0].units]
    assert units == [("CS", 12, ("614141007349", "X")), ("PAL", 480, ())]
    again = read(
        "items", "item,name,units\nA,Bolt,CS=12:614141007349|X; PAL=480\n", [found.decided.rows[0]]
    )
    assert again.decided.unchanged == 1
    for cell in ("CS", "CS=1", "CS=0", "CS=x", "=12", "CS=12;CS=6"):
        assert problems("items", f"item,name,units\nA,Bolt,{cell}\n") == [(2, "not_a_pack")]


def test_a_choice_says_what_it_may_be():
    (problem,) = read("items", "item,name,fifo\nA,Bolt,lifo\n").problems
    assert "it may be: hint, reason, consent, block" in problem.sentence()


def test_a_column_may_say_the_opposite_of_its_field():
    found = read("items", "item code,item name,disabled\nA,Bolt,1\nB,Nut,0\n")
    assert [row.active for row in found.decided.rows] == [False, True]


@pytest.mark.parametrize(
    ("kind", "head", "fields"),
    [
        ("items", "Internal Reference,Name,Barcode", ["item", "name", "aliases"]),
        ("items", "Item No.,Item Description,Inventory UoM", ["item", "name", "unit"]),
        ("items", "*物料编码,*名称(必填),规格型号", ["item", "name", "spec"]),
        ("items", "存货编码,存货名称,主计量单位", ["item", "name", "unit"]),
        ("stock", "Item Code,Bin Location Code,Actual Qty", ["item", "place", "quantity"]),
        ("stock", "物料编码,仓位编码,库存数量,批号", ["item", "place", "quantity", "lot"]),
        ("stock", "product_id/default_code,location_id,inventory_quantity,lot_id",
         ["item", "place", "quantity", "lot"]),
        ("stock", "存货编码,货位编码,结存数量,失效日期", ["item", "place", "quantity", "expires"]),
    ],
)  # fmt: skip
def test_the_headings_of_common_systems_are_known(kind, head, fields):
    assert [column_of(TABLES[kind], name).field for name in head.split(",")] == fields


@pytest.mark.parametrize("kind", TABLES)
def test_no_heading_means_two_columns_of_one_table(kind):
    names = [
        (plain(name), column.field) for column in TABLES[kind].columns for name in column.known_as
    ]
    assert len(set(names)) == len({name for name, _ in names})
