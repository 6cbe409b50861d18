"""From a file of another system to the floor: a carton's code counts its pieces."""

import json

import pytest

from tests.browser.factory import _run
from tests.browser.handheld import LIU_MEI

pytestmark = pytest.mark.browser

CARTON = "10614141007346"


def test_an_imported_carton_counts_its_pieces_and_a_code_of_two_things_is_asked(
    handhelds, factory, tmp_path
):
    """[G3] [G12] [R10]"""
    file = tmp_path / "items.csv"
    ((name,),) = factory.rows("SELECT name FROM item WHERE item = 'AR-5381'")
    file.write_text(f"物料编码,名称,包装\nAR-5381,{name},CS=12:{CARTON}\n", encoding="gb18030")
    assert "1 new or changed" in _run(factory.data, "import", "items", str(file), "--apply").stdout
    line = {"item": "BE-2349", "quantity": 5}
    factory.tell("documents", document="BE-2349", kind="purchase", partner="1580", lines=[line])
    liu = handhelds("H1", LIU_MEI)
    liu.start("count")
    liu.scan("01-A-01")
    liu.says("plain", "01-A-01")
    liu.scan(CARTON)
    liu.says("done", "+12", "AR-5381")
    liu.scan(CARTON)
    liu.says("done", "AR-5381", "24")
    liu.scan("BE-2349")
    liu.says("look", "BE-2349")
    liu.page.get_by_role("button").filter(has_text="物料").filter(has_text="BE-2349").click()
    liu.says("done", "+1", "BE-2349")
    liu.scan("BINCARD:DONE")
    liu.says("done", "01-A-01")
    liu.unsent(0)
    query = "SELECT payload FROM log WHERE verb = 'count' AND device NOT IN ('', 'opening')"
    ((payload,),) = factory.rows(query)
    lines = json.loads(payload)["body"]["did"]["lines"]
    assert [(one["key"]["item"], one["quantity"]) for one in lines] == [
        ("AR-5381", 24), ("BE-2349", 1),
    ]  # fmt: skip
    assert lines[0]["entered"] == {"quantity": "2", "unit": "CS", "factor": 12}
    assert factory.verifies()
