"""Files as other systems write them: encodings, rows that do not fit, workbooks."""

import io
from datetime import date
from zipfile import ZipFile

import pytest
from openpyxl import Workbook

from tests.imports.known import ROWS, notes, problems, read

CHINESE = "物料编码,名称\nA-1,滚动轴承\nB-2,内六角螺栓\n"
GERMAN = "item,name\nA-1,Größe\nB-2,Würfel\nC-3,Schlüssel\n"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", []), ("utf-8-sig", []), ("utf-16", []), ("utf-32", []),
        ("utf-16-le", [(1, "encoding")]), ("utf-16-be", [(1, "encoding")]),
        ("gb18030", [(1, "encoding")]),
    ],
)  # fmt: skip
def test_what_is_certain_of_an_encoding_is_read_and_what_was_concluded_is_said(encoding, said):
    found = read("items", CHINESE.encode(encoding))
    assert [row.name for row in found.decided.rows] == ["滚动轴承", "内六角螺栓"]
    assert notes(found) == said


def test_another_encoding_is_shown_by_three_names_and_waits_for_a_word():
    found = read("items", GERMAN.encode("cp1252"))
    (problem,) = found.problems
    assert (problem.code, problem.value) == ("encoding_unclear", "cp1252")
    assert problem.more == "Größe · Würfel · Schlüssel"
    assert found.is_unreadable
    found = read("items", GERMAN.encode("cp1252"), encoding="cp1252")
    assert [row.name for row in found.decided.rows] == ["Größe", "Würfel", "Schlüssel"]


def test_traditional_chinese_is_guessed_as_such():
    (problem,) = read("items", "料號,名稱\nA,螺絲\nB,軸承\n".encode("big5")).problems
    assert (problem.code, problem.value) == ("encoding_unclear", "big5")
    assert "螺絲" in problem.more


def test_an_encoding_that_is_wrong_or_unknown_is_said():
    assert problems("items", GERMAN.encode("cp1252"), encoding="utf-8") == [(1, "encoding_wrong")]
    assert problems("items", GERMAN, encoding="klingon") == [(1, "encoding_unknown")]


def test_two_columns_for_one_field_are_none():
    text = "item,bin,qty,数量\nM,A-01,4,5\n"
    found = read("stock", text, ROWS)
    (problem,) = found.problems
    assert problem.code == "column_twice"
    assert "The columns qty and 数量 would both be quantity" in problem.sentence()
    assert found.decided.groups == []


def test_a_row_with_more_cells_than_the_header_is_a_problem_row():
    """`1,200` without quotation marks was 1 of lot 200."""
    text = "item,bin,quantity,lot\nL-1,A-01,1,200,K1\nL-1,A-01,4,K2,,\nL-1,A-02,4,K1\n"
    found = read("stock", text, ROWS)
    assert [(one.line, one.code) for one in found.problems] == [(2, "row_longer")]
    assert [group.stock.lot for group in found.decided.groups] == ["K2", "K1"]


def test_a_missing_column_is_asked_for_by_what_it_may_be_headed():
    found = read("stock", "物料编码,仓库,数量\nM,A-01,4\n", ROWS)
    assert [one.code for one in found.problems] == ["column_missing"]
    assert "货位" in found.problems[0].sentence() or "bin" in found.problems[0].sentence()


def book(*sheets):
    """A workbook as bytes; each sheet is its name and its rows."""
    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets:
        page = made.create_sheet(name)
        for row in rows:
            page.append(row)
    return made


def saved(made):
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


HEAD = ["item", "bin", "quantity", "lot", "expires", "unit cost"]


def test_a_workbook_is_read_with_days_as_days_and_numbers_as_numbers():
    row = ["PA-1", "A-01", 1200, "K1", date(2027, 9, 30), 1.125]
    (group,) = read("stock", saved(book(("Stock", [HEAD, row]))), ROWS).decided.groups
    one = group.stock
    assert (one.quantity, one.expires, one.unit_cost) == (1200, "2027-09-30", 1_125_000)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (12345, "12345"),
        (12345.0, "12345"),
        (12345.5, "code_damaged"),
        (6923450657713000, "code_damaged"),
        (6.9e12, "6900000000000"),
        (date(2026, 1, 6), "code_is_date"),
        ("=1/0", "formula_empty"),
        ("#N/A", "cell_error"),
    ],
)
def test_a_number_in_a_column_of_codes_is_its_digits_and_anything_else_a_problem(cell, code):
    data = saved(book(("Items", [["item", "name"], [cell, "Bolt"]])))
    found = read("items", data)
    told = [row.item for row in found.decided.rows] or [one.code for one in found.problems]
    assert told == [code]


def test_zeros_that_a_number_format_shows_belong_to_the_code():
    made = book(("Items", [["item", "name"], [123, "Bolt"]]))
    made["Items"]["A2"].number_format = "00000"
    assert [row.item for row in read("items", saved(made)).decided.rows] == ["00123"]


def test_blank_rows_are_left_out_and_lines_are_those_of_the_sheet():
    rows = [["item", "name"], [], ["A", "Bolt"], [None, None], ["1E+5", "Nut"]]
    assert problems("items", saved(book(("Items", rows)))) == [(5, "code_damaged")]


def test_the_first_sheet_is_read_and_the_others_are_named():
    made = saved(book(("One", [["item", "name"], ["A", "Bolt"]]), ("Two", [["item", "name"]])))
    found = read("items", made)
    assert [(one.code, one.value, one.more) for one in found.notes] == [("sheet", "One", "Two")]
    assert problems("items", made, sheet="Three") == [(1, "sheet_unknown")]
    assert read("items", made, sheet="Two").lines == []


def test_the_stored_results_of_formulas_are_read():
    """As a spreadsheet program leaves them: openpyxl itself stores none."""
    made = saved(book(("Items", [["item", "name"], ["A", "=UPPER(A2)"]])))
    patched = replaced(made, b"<v></v>", b"<v>5</v>", b"<v />", b"<v>5</v>", b"<v/>", b"<v>5</v>")
    assert [row.name for row in read("items", patched).decided.rows] == ["5"]


def replaced(data, *pairs):
    """Return a workbook whose first sheet has other bytes in it."""
    source, target = ZipFile(io.BytesIO(data)), io.BytesIO()
    with ZipFile(target, "w") as archive:
        for part in source.infolist():
            content = source.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                for before, after in zip(pairs[::2], pairs[1::2], strict=True):
                    content = content.replace(before, after)
            archive.writestr(part, content)
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04 and then nothing", "workbook_broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old_workbook"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_one_problem(data, code):
    assert problems("items", data) == [(1, code)]
    cut = saved(book(("Items", [["item", "name"], ["A", "Bolt"]])))[:-400]
    assert problems("items", cut) == [(1, "workbook_broken")]
