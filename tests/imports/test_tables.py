"""Files of other systems: what is taken, what is reported, and that a second time is no change."""

import pytest

from server.imports.columns import KINDS
from server.imports.factory import factory_rows
from server.imports.problems import SENTENCES
from sync import records
from tests.imports.known import ROWS, problems, read, stock


def test_a_chinese_file_in_gb18030_is_read_like_an_english_one_in_utf_8():
    chinese = "物料编码,物料名称,类别,批次管理\nA-1,轴承,原材料,是\n".encode("gb18030")
    english = "\ufeffitem\tname\tkind\tlots\nA-1\t轴承\traw\tyes\n".encode()
    rows = [records.Item(item="A-1", name="轴承", kind="raw", lots=True)]
    assert read("items", chinese).decided.rows == read("items", english).decided.rows == rows


def test_the_same_file_twice_changes_nothing():
    file = "工号,姓名,角色,工牌\n7,刘梅,工人,B7\n8,方萍,主管,B8\n".encode()
    first = read("people", file).decided.rows
    assert [row.role for row in first] == ["worker", "supervisor"]
    second = read("people", file, first)
    assert (second.decided.rows, second.decided.unchanged, second.problems) == ([], 2, [])


def test_a_changed_cell_changes_its_field_and_leaves_what_the_file_does_not_mention():
    known = [records.Person(person="7", name="Liu", role="worker", badge="B7", pin_stamp="stamp")]
    (row,) = read("people", "number,name,role,badge\n7,Liu Mei,worker,B7\n", known).decided.rows
    assert (row.name, row.pin_stamp) == ("Liu Mei", "stamp")


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        pytest.param("items", "item,name\n6.9E+12,Glue\n", "code_damaged", id="exponent"),
        pytest.param("items", "item,name\n4711.0,Glue\n", "code_damaged", id="decimal"),
        pytest.param("items", "item,name\n123,Bolt\n", "zeros_lost", id="known with zeros"),
        pytest.param("items", "item,name\n,Bolt\n", "cell_missing", id="no code"),
        pytest.param("items", "item,name,kind\nA,Bolt,thing\n", "not_a_choice", id="kind"),
        pytest.param("items", f"item,name\n{'A' * 97},Bolt\n", "code_too_long", id="long"),
        *(
            pytest.param("locations", f"location,warehouse\n{code},06\n", "place_reserved", id=code)
            for code in ("scrap", "transit", "supplier/1580", "container/T1", "unidentified/X")
        ),
        pytest.param("stock", "item,bin,quantity\n00123,06-B-10,-4\n", "quantity_negative", id="-"),
        pytest.param("stock", "item,bin,quantity\n00123,06-B-10,1.5\n", "not_whole", id="half"),
        pytest.param("stock", "item,bin,quantity\n00123,06-B-10,9e9\n", "not_a_number", id="e"),
        pytest.param(
            "stock", "item,bin,quantity\n00123,06-B-10,9000000000\n", "quantity_huge", id="huge"
        ),
        pytest.param("stock", "item,bin,quantity\nX,06-B-10,4\n", "unknown_item", id="item"),
        pytest.param("stock", "item,bin,quantity\n00123,X,4\n", "unknown_place", id="place"),
        pytest.param("stock", "item,bin,quantity\n123,06-B-10,4\n", "zeros_lost", id="stock zeros"),
        pytest.param("stock", "item,bin,quantity\nPA-1,06-B-10,4\n", "lot_missing", id="lot"),
        pytest.param(
            "stock", "item,bin,quantity,lot\nPA-1,06-B-10,4,L\n", "expiry_missing", id="expiry"
        ),
        pytest.param(
            "stock",
            "item,bin,quantity,lot,expiry\nPA-1,06-B-10,4,L,2026-02-30\n",
            "not_a_day",
            id="day",
        ),
    ],
)
def test_a_bad_row_is_reported_with_its_line_and_not_taken(kind, text, code):
    assert problems(kind, text) == [(2, code)]
    decided = read(kind, text, ROWS).decided
    assert (decided.rows, decided.groups) == ([], [])


def test_a_duplicate_names_the_line_that_stands_already():
    found = read("items", "item,name\nA,Bolt\nA,Nut\n")
    assert [row.name for row in found.decided.rows] == ["Bolt"]
    assert found.problems[0].sentence() == "A stands in line 2 already."
    assert "第 2 行" in found.problems[0].sentence("zh")


def test_a_short_number_among_codes_with_zeros_is_suspected_in_a_new_file():
    assert problems("items", "item,name\n0000471,A\n815,B\n1234567,C\n", []) == [(3, "zeros_lost")]


def test_a_quotation_mark_that_is_not_closed_swallows_no_rows_in_silence():
    rows = "".join(f"B-{number},Bolt\n" for number in range(20_000))
    text = f'item,name\nA,"Nut\n{rows}'
    assert problems("items", text) == [(2, "open_quote")]
    assert problems("items", text[:500]) == [(2, "open_quote")]
    assert problems("items", text[:500] + '"') == [(2, "line_break")]


def test_no_two_people_of_a_file_or_of_the_site_wear_one_badge():
    known = [
        records.Person(person="7", name="Liu", role="worker", badge="B7"),
        records.Person(person="8", name="Fang", role="supervisor", badge="B8"),
    ]
    text = (
        "person,name,role,badge\n7,Liu,worker,B8\n8,Fang,supervisor,B8\n9,A,worker,8\n"
        "B7,C,worker,C\n10,D,worker,D10\n11,E,worker,D10\n"
    )
    assert problems("people", text, known) == [(line, "badge_taken") for line in (2, 4, 5, 7)]


def test_good_rows_beside_bad_ones_are_taken():
    found = read("items", "item,name\nA,Bolt\n1E+5,Nut\nB,Washer\n")
    assert [row.item for row in found.decided.rows] == ["A", "B"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_file_or_one_without_the_needed_columns_says_which_are_missing(kind):
    for text in ("", "colour\nred\n"):
        codes = {code for _, code in problems(kind, text)}
        assert codes == {"column_missing"}


def test_a_column_that_nobody_knows_is_named_and_left_out():
    found = read("items", "item,name,colour\nA,Bolt,red\n")
    (note,) = found.notes
    assert (note.code, note.value, len(found.decided.rows)) == ("ignored", "colour", 1)
    assert "aliases" in note.sentence()


def test_bytes_that_are_no_text_are_one_problem():
    assert problems("items", b"\xff\xff\x81\x8d\n") == [(1, "not_text")]


def test_opening_stock_reads_chinese_dates_and_thousands():
    text = '物料,货位,数量,批号,有效期至,入库日期\nPA-1,06-B-10,"1,200",L,2027年9月30日,2026/1/5\n'
    (line,) = stock(text)
    assert (line.quantity, line.expires, line.fifo_date) == (1200, "2027-09-30", "2026-01-05")


def test_every_problem_is_said_in_both_languages():
    for english, chinese in SENTENCES.values():
        assert english.isascii()
        assert not chinese.isascii()


def test_the_demo_held_against_itself_has_nothing_to_write():
    rows = factory_rows()
    places = [row for row in rows if isinstance(row, records.Location)]
    lines = [f"{row.location},{row.warehouse},{row.kind},{row.walk}" for row in places]
    found = read("locations", "\n".join(["库位,仓库,类别,拣货顺序", *lines]), rows)
    assert (found.decided.rows, found.problems) == ([], [])
    assert found.decided.unchanged == len(places)
