"""The sheet of scan codes is read back by another reader than the one that drew it."""

from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from labels.sheet import Group, Symbol, sheet
from server.imports.factory import factory_rows
from server.imports.scenario import demo_sheet
from sync import records

SCALE = 10
SVG = "{http://www.w3.org/2000/svg}"


def painted(svg):
    """Paint the rectangles of a sheet; text is left out, as a reader leaves it out."""
    root = ET.fromstring(svg)
    _, _, width, height = map(float, root.get("viewBox").split())
    image = Image.new("L", (round(width * SCALE), round(height * SCALE)), 255)
    draw = ImageDraw.Draw(image)
    for rect in root.iter(f"{SVG}rect"):
        if rect.get("fill"):
            continue
        x, y, w, h = (float(rect.get(name)) * SCALE for name in ("x", "y", "width", "height"))
        draw.rectangle((round(x), round(y), round(x + w) - 1, round(y + h) - 1), fill=0)
    return image


def read(svg):
    return {found.text for found in symbols(svg)}


def symbols(svg):
    return zxingcpp.read_barcodes(painted(svg), text_mode=zxingcpp.TextMode.Plain)


@pytest.mark.parametrize(
    "symbol",
    [
        Symbol("badge", "BADGE:B1001"),
        Symbol("bin", "06-B-10"),
        Symbol("enrol", "http://127.0.0.1:8000/#/enrol/A1-b2", "qr"),
    ],
    ids=["badge", "bin", "enrolment"],
)
def test_a_code_reads_as_it_was_drawn(symbol):
    assert read(sheet("one", [Group("group", (symbol,))])) == {symbol.text}


def test_a_gs1_label_is_marked_as_gs1_and_keeps_the_end_of_its_lot():
    symbol = Symbol("goods", "010200000000004610K1009\x1d3024", "gs1")
    (found,) = symbols(sheet("one", [Group("group", (symbol,))]))
    assert found.symbology_identifier == "]C1"
    assert found.text.replace("\x1d", "|") == "010200000000004610K1009|3024"


def test_everything_on_the_demo_sheet_can_be_scanned():
    url = "http://127.0.0.1:8000/#/enrol/A1-b2"
    there = read(demo_sheet(url))
    assert url in there
    assert {"BADGE:B2001", "PO-3978", "SO-75111", "WO-71774", "CT-1", "DOCK-1"} <= there
    assert {"BINCARD:UNDO", "BINCARD:HELP", "06-B-10", "BE-2349"} <= there
    assert sum(text.startswith("01") and len(text) > 20 for text in there) == 5


def test_the_demo_sheet_names_only_things_that_exist():
    rows = factory_rows()
    known = {row.location for row in rows if isinstance(row, records.Location)}
    known |= {row.document for row in rows if isinstance(row, records.Document)}
    known |= {row.item for row in rows if isinstance(row, records.Item)}
    plain = {
        text for text in read(demo_sheet()) if not text.startswith(("BADGE:", "BINCARD:", "0102"))
    }
    assert plain <= known


def test_words_on_the_sheet_cannot_break_it():
    ET.fromstring(sheet("<&>", [Group('"', (Symbol("<b>", "A"),))]))
