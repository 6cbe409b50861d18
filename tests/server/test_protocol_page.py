"""[T1] [S9] [C2] [C5] docs/protocol.md: its example is one program, and it runs as it stands."""

import re
import subprocess
import sys
import time

import httpx

from server.protocol_page import PAGE, page
from tests.server.conftest import PINS, SITE
from tests.server.handheld import Handheld

BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
WITHOUT_PACKAGES = ["-I", "-S"]

ORDER = {
    "document": "WH/IN/00012", "kind": "purchase", "partner": "1580",
    "lines": [{"item": "BE-2908", "quantity": 10}],
}  # fmt: skip

SAID = """\
received: posted put away: posted
moved: posted posted
line done: 10
counted: ["BE-2908",["EX-1",null,null],null,"ok",null] line 0 6 expected 10
counted: ["BE-2908",["EX-1",null,null],null,"ok",null] line 0 3 expected 10
counted: ["BE-2908",["OLD",null,null],null,"ok",null] line -1 0 expected 4
decided on old figures: refused stale
"""


def test_the_example_of_the_page_is_a_client_that_works(described, tmp_path):
    server, office = described
    with httpx.Client(base_url=server.origin, headers=office) as api:
        api.post("/api/documents", json=ORDER).raise_for_status()
        code = api.post("/api/devices/codes", json={"name": "Example"}).json()["code"]
        books_four_of_another_lot(api)
    program = tmp_path / "client.py"
    program.write_text("\n\n".join(BLOCK.findall(PAGE.read_text(encoding="utf-8"))), "utf-8")
    ran = subprocess.run(
        [sys.executable, *WITHOUT_PACKAGES, program, server.origin, code, "2001", PINS["2001"]],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ran.stdout == SAID, ran.stderr
    assert server.run("verify").returncode == 0


def books_four_of_another_lot(api):
    handheld = Handheld(SITE, "2001", lambda: time.time_ns() // 1_000_000)
    handheld.receive(4, to="bin", lot="OLD")
    (verdict,) = api.post("/sync/push", content=handheld.push()).json()["verdicts"]
    assert verdict["outcome"] == "posted"


def test_the_page_lists_what_the_structs_say():
    assert page() == PAGE.read_text(encoding="utf-8")
    for field in ("written", "carrier", "device", "former", "had", "decided", "operations"):
        assert f"| Push | `{field}` |" in page()
