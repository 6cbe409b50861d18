"""How long until another handheld holds what one has pushed: poke, pull, one page."""

import http.client
import json
import statistics
import time

from tests.bench.clients import send_all
from tests.bench.scene import DEVICES, Server
from tests.bench.work import MOVES, queue_of

SAMPLES = 100


def run(scene):
    """Measure and print one database."""
    scene.renew()
    queue = queue_of(scene, DEVICES[0], MOVES, 1, SAMPLES)
    with Server(scene) as server:
        headers = {"Authorization": f"Bearer {scene.token(DEVICES[1])}"}
        pokes = _asked(server.port, "/sync/poke", headers)
        pulls = http.client.HTTPConnection("127.0.0.1", server.port)
        cursor = json.loads(_asked(server.port, "/sync/snapshot", headers).read())["cursor"]
        cursor = _head(pulls, cursor, headers)
        lags = []
        for request in queue:
            acked = send_all(server.port, [[request]])
            began = time.perf_counter() - acked.seconds
            _wait(pokes)
            cursor = _head(pulls, cursor, headers)
            lags.append((time.perf_counter() - began) * 1_000)
    cuts = statistics.quantiles(lags, n=100)
    print(f"\n{scene.store.name + ', from a push to another handheld, ms':52}"
          f"{'p50':>8}{'p95':>8}{'p99':>8}")  # fmt: skip
    print(f"{'push, poke and pull of one move':52}{cuts[49]:8.1f}{cuts[94]:8.1f}{cuts[98]:8.1f}")


def _asked(port, path, headers):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def _wait(pokes):
    while not pokes.readline().startswith(b"event"):
        pass


def _head(connection, cursor, headers):
    more = True
    while more:
        connection.request("GET", f"/sync/pull?cursor={cursor}", headers=headers)
        page = json.loads(connection.getresponse().read())
        cursor, more = page["cursor"], page["more"]
    return cursor
