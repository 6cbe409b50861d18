"""Whatever a file holds: its sum is the book's and that of its named rows, to the piece."""

import csv
import io
import random

import pytest

from server.imports import report
from tests.imports.known import SITE

ODD_MOSTLY_NOT = 0.12
ITEMS = ["M", "00123", "L-1", "PA-1", "S-1", "M", "L-1"], [
    "m", "123", "X", "#N/A", "００１２３", "\u200bM", "'M", "",
]  # fmt: skip
PLACES = ["A-01", "A-02", "06-B-10"], ["a-01", "Ａ－０１", "6-Jan", "scrap", "", " A-02 "]
LOTS = ["", "K1", "K2", "K3"], ["6.9E+12", "K\u200b1", '="K1"', "2026-01-06", "K\n1", "A,B"]
DAYS = ["", "2027-09-30", "2027/9/30", "20270930"], ["2027-09", "270930", "2026-01-01", "1/5/2027"]
STATUS = ["", "ok", "待检"], ["lost"]
COSTS = ["", "0.0125"], ["1.5", "1,5", "1.000"]
HEAD = ["item", "bin", "quantity", "lot", "expires", "serial", "status", "unit cost", "memo"]


def one_of(some, dice):
    good, odd = some
    return dice.choice(odd if dice.random() < ODD_MOSTLY_NOT else good)


def spelled(number, dice):
    """A quantity as some file may write it; what it means is known to us alone."""
    good = [str(number), f"{number:,}", f"{number}.0", f"{number}.00"]
    odd = [
        f"{number},00", f"{number}.000", f" {number} ", f"{number:04}", f"'{number}", f"-{number}",
        f"{number} pcs", f"{number:,}".replace(",", "."), f"{number}e0", "", "#REF!",
    ]  # fmt: skip
    return one_of((good, odd), dice)


def serials(item, number, dice):
    wanted = number if item == "S-1" and dice.random() > ODD_MOSTLY_NOT else 0
    return "; ".join(f"Z{dice.randint(1, 400)}" for _ in range(min(wanted, 12)))


def file_of(dice):
    """A file, and what each of its lines means in pieces."""
    text, means = io.StringIO(), {}
    writer = csv.writer(text, delimiter=dice.choice([",", ",", ";", "\t"]), lineterminator="\n")
    writer.writerow(HEAD)
    line = 2
    for _ in range(dice.randint(1, 14)):
        number = dice.choice([0, 1, 2, 3, 3, 12, 1000, 1200])
        item = one_of(ITEMS, dice)
        row = [
            item, one_of(PLACES, dice), spelled(number, dice), one_of(LOTS, dice),
            one_of(DAYS, dice), serials(item, number, dice), one_of(STATUS, dice),
            one_of(COSTS, dice), "memo",
        ]  # fmt: skip
        if dice.random() < 0.05:
            row.append("one too many")
        writer.writerow(row)
        means[line] = number
        line += 1 + sum(cell.count("\n") for cell in row)
    encoding = dice.choice(["utf-8", "utf-8-sig", "utf-16"])
    return text.getvalue().encode(encoding), means


@pytest.mark.parametrize("seed", range(6))
async def test_the_sum_of_a_file_is_that_of_the_book_and_of_its_named_rows(desk, seed):
    dice = random.Random(seed)
    posted = 0
    for _ in range(10):
        data, means = file_of(dice)
        before = sum(quantity for _, _, quantity in await desk.stock())
        found, opened = await desk.load("stock", data)
        after = sum(quantity for _, _, quantity in await desk.stock())
        already = sum(group.stock.quantity for group in found.decided.already)
        refused = sum(means[line] for line in found.refused)
        assert sum(means.values()) == (after - before) + already + refused, data.decode("utf-8")
        assert sorted(means) == found.lines
        added = report.sums(found, SITE, opened)
        assert added.file == added.book + added.outside
        posted += after - before
        again, _ = await desk.read("stock", data)
        assert again.decided.groups == []
    assert posted > 1000
    assert desk.book.verify(SITE) == []


async def test_a_file_cut_anywhere_is_taken_by_its_rows_or_not_at_all(desk):
    dice = random.Random(7)
    for _ in range(60):
        data, _ = file_of(dice)
        found, _ = await desk.read("stock", data[: dice.randint(0, len(data))])
        groups = found.decided.groups
        assert not (found.is_unreadable and groups)
        lines = {line for group in groups for line in group.lines}
        assert lines <= set(found.lines)
        assert not lines & set(found.refused)
