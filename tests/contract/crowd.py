"""Eight who write at once, and one who reads on meanwhile: nothing may be missing for it."""

import threading

from server.book import BusyError
from tests.contract.stores import WRITERS, read_on, receive, send, start

PUSHES = 6
EACH = 4


def crowd(store, pushes=PUSHES, meanwhile=lambda: None):
    """Let everybody write through a book of their own; return the cursor before and the rows read.

    `meanwhile` is called again and again as long as they write.
    """
    reader = store.open()
    before = cursor = start(reader)
    books = [store.open() for _ in range(WRITERS)]
    faults = []
    threads = [
        threading.Thread(target=_write, args=(store, n, book, pushes, faults))
        for n, book in enumerate(books)
    ]
    for thread in threads:
        thread.start()
    rows = []
    while any(thread.is_alive() for thread in threads):
        meanwhile()
        found, cursor = patiently(lambda at=cursor: read_on(reader, at, limit=7))
        rows += found
    for thread in threads:
        thread.join()
    rows += patiently(lambda: read_on(reader, cursor))[0]
    assert faults == []
    return before, rows


def patiently(ask):
    """Ask again while the answer is 503, as a device does."""
    while True:
        try:
            return ask()
        except BusyError:
            continue


def _write(store, n, book, pushes, faults):
    device = store.handheld(n)
    try:
        for _ in range(pushes):
            for _ in range(EACH):
                receive(device, store.now(), f"B{n}")
            answer = patiently(lambda: send(book, device, store.now))
            assert answer.acked.seq == len(device.chain)
    except Exception as error:  # noqa: BLE001 - whatever it is, the test must hear of it
        faults.append(error)


def check_crowd(store, before, rows, pushes=PUSHES):
    """Every number since has come to the reader, once, in order, and the stock is complete."""
    first = int(before.split(".")[1])
    numbers = list(dict.fromkeys(row.version for row in rows))
    assert numbers == sorted(numbers), "numbers came out of their order"
    head = first + WRITERS * pushes * EACH
    missing = sorted({*range(first + 1, head + 1)} - {*numbers})
    assert not missing, f"{len(missing)} of {head - first} were never seen by the reader"
    book = store.open()
    stock = {place: quantity for (place, _), quantity in book.stock().items() if place[0] == "B"}
    assert stock == {f"B{n}": pushes * EACH for n in range(WRITERS)}
    assert book.verify() == []
