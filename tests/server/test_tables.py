"""Tables and records say the same thing."""

import pytest

from server.tables import REPLICATED
from sync.records import ROWS


@pytest.mark.parametrize("kind", ROWS)
def test_a_table_has_the_columns_of_its_record_and_the_site(kind):
    struct, keys = ROWS[kind]
    head = {"epoch", "seq", "link", "scope", "clock", "watermark", "master_seq"}
    columns = [c.name for c in REPLICATED[kind].columns if c.name not in head or kind != "site"]
    fields = [*struct.__struct_fields__]
    assert sorted(columns) == sorted({*fields, "site"})
    assert {c.name for c in REPLICATED[kind].primary_key} == {*keys, "site"}
