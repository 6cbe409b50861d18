"""A thousand handhelds at work, one that was away for a week, two hundred that return at once."""

from tests.bench.clients import send_all
from tests.bench.scene import DEVICES, Server
from tests.bench.work import MORNING, queue_of

SECONDS = 20
AIM_MS = 250


def run(scene):
    """Measure and print one database."""
    print(f"\n{scene.store.name + ', waiting for the acknowledgement, ms':52}{'ops/s':>8}"
          f"{'p50':>8}{'p95':>8}{'p99':>8}   (aim: p99 {AIM_MS})")  # fmt: skip
    for devices in (250, 500, 1_000):
        _fleet(scene, devices)
    _drained(scene)
    _returned(scene)


def _fleet(scene, devices):
    scene.renew()
    queues = [queue_of(scene, device, MORNING, 1, SECONDS) for device in DEVICES[:devices]]
    with Server(scene) as server:
        sent = send_all(server.port, queues, pace=1.0)
        memory = server.memory()
    _line(f"{devices:,} devices, one operation a second each", sent, devices * SECONDS)
    print(f"{'    memory of the server at most, MB':52}{memory[1]:8,}")


def _drained(scene):
    scene.renew()
    queue = queue_of(scene, DEVICES[0], MORNING, 100, 5_000)
    with Server(scene) as server:
        sent = send_all(server.port, [queue])
    _line("one device brings 5,000 operations (aim: 3 s)", sent, 5_000)
    print(f"{'    drained in s':52}{sent.seconds:8.1f}")


def _returned(scene):
    scene.renew()
    queues = [queue_of(scene, device, MORNING, 100, 500) for device in DEVICES[:200]]
    with Server(scene) as server:
        sent = send_all(server.port, queues)
        memory = server.memory()
    _line("200 devices return at once with 500 each", sent, 100_000)
    print(f"{'    all in s; memory of the server at most, MB':52}{sent.seconds:8.1f}{memory[1]:8,}")


def _line(name, sent, operations):
    figures = "".join(f"{sent.ms(share):8.1f}" for share in (0.5, 0.95, 0.99))
    print(f"{name:52}{operations / sent.seconds:8,.0f}{figures}")
