"""How long until another handheld holds what one has pushed: poke, pull, one page.

And how many pages the server tells: after every push, each device on the floor asks for one.
"""

import http.client
import json
import statistics
import time

from tests.bench.clients import send_all
from tests.bench.scene import DEVICES, Server
from tests.bench.work import MOVES, queue_of

SAMPLES = 100
LISTENERS = 8
PULLS = 400
GET = "GET {} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\n\r\n"


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
        before, lags = cursor, []
        for request in queue:
            acked = send_all(server.port, [[request]])
            began = time.perf_counter() - acked.seconds
            _wait(pokes)
            cursor = _head(pulls, cursor, headers)
            lags.append((time.perf_counter() - began) * 1_000)
        told = _rate(scene, server, f"/sync/pull?limit=10&cursor={before}")
        asked = _rate(scene, server, "/health")
    cuts = statistics.quantiles(lags, n=100)
    print(f"\n{scene.store.name + ', from a push to another handheld, ms':52}"
          f"{'p50':>8}{'p95':>8}{'p99':>8}")  # fmt: skip
    print(f"{'push, poke and pull of one move':52}{cuts[49]:8.1f}{cuts[94]:8.1f}{cuts[98]:8.1f}")
    print(f"{f'pages of ten told a second, {LISTENERS} devices':52}{told:8,.0f}")
    print(
        f"{'questions that ask nothing of the database':52}{asked:8,.0f}{told / asked:8.0%} of it"
    )


def _rate(scene, server, path):
    tokens = [scene.token(device) for device in DEVICES[:LISTENERS]]
    queues = [[GET.format(path, token).encode()] * PULLS for token in tokens]
    return LISTENERS * PULLS / send_all(server.port, queues).seconds


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
