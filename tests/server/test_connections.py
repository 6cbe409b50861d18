"""A server without a proxy: nobody holds it by sending slowly, by never ending, or by not reading.

Each test speaks through a real socket to a real server on loopback.
"""

import shutil
import socket
import time

import httpx
import pytest
import uvicorn
from uvicorn.server import ServerState

from server.connections import Guarded
from server.settings import Settings
from tests.server.handheld import Handheld
from tests.server.running import SITE, Server, enrolled
from tests.server.test_backups import now

PATIENCE_S = 30
"""Far beyond the deadlines of these tests on the slowest machine."""


@pytest.fixture(scope="module")
def impatient(template, tmp_path_factory):
    """A server that waits for nothing longer than a second, and its device."""
    folder = tmp_path_factory.mktemp("impatient") / "data"
    shutil.copytree(template, folder)
    server = Server(folder)
    server.environment |= {
        "BINCARD_HEAD_SECONDS": "1", "BINCARD_BODY_SECONDS": "1", "BINCARD_CONNECTIONS": "20",
        "BINCARD_STREAMS_PER_DEVICE": "2",
    }  # fmt: skip
    device = enrolled(server)
    server.start()
    yield server, device
    server.end()


def dial(server):
    line = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def end_of(line):
    """All that the server says until it hangs up."""
    said = b""
    try:
        while part := line.recv(65_536):
            said += part
    except ConnectionError:
        pass
    return said


def drip(lines):
    """Send on each connection a little at a time until the server hangs up; what it said."""
    said = dict.fromkeys(lines, b"")
    left = dict(lines)
    for _ in range(10 * PATIENCE_S):
        for name, (line, text) in [*left.items()]:
            line.settimeout(0.01)
            try:
                line.sendall(text)
                part = line.recv(65_536)
            except TimeoutError:
                continue
            except ConnectionError:
                part = b""
            said[name] += part
            if not part:
                del left[name]
                line.close()
        if not left:
            return said
        time.sleep(0.1)
    raise AssertionError(f"it still listens to {[*left]}")


def head_of(device, length, path="/sync/push"):
    return (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: {device['Authorization']}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def begun(server, text):
    line = dial(server)
    line.sendall(text)
    return line


def test_what_comes_byte_by_byte_has_a_deadline(impatient):
    """Headers, line ends before one, bodies, and the next request of a connection."""
    server, device = impatient
    start = b"GET /health HTTP/1.1\r\nHost: x\r\n"
    stream = f"GET /sync/poke HTTP/1.1\r\nHost: x\r\nAuthorization: {device['Authorization']}"
    lines = {
        "header": (begun(server, start), b"X-A: b\r\n"),
        "line ends": (begun(server, b""), b"\r\n"),
        "push": (begun(server, head_of(device, 9_000)), b" "),
        "sign-in": (begun(server, head_of(device, 9_000, "/api/sign-in")), b" "),
        "second request": (begun(server, start + b"\r\n" + start), b"X-A: b\r\n"),
        "behind a stream": (begun(server, stream.encode() + b"\r\n\r\n" + start), b"X-A: b\r\n"),
    }
    said = drip(lines)
    assert said.pop("second request").startswith(b"HTTP/1.1 200 ")
    assert b"connected" in said.pop("behind a stream")
    assert {name: text[:13] for name, text in said.items()} == dict.fromkeys(said, b"HTTP/1.1 408 ")


def test_who_says_nothing_is_not_waited_for(impatient):
    server, _ = impatient
    with dial(server) as line:
        assert end_of(line) == b""


def test_who_never_reads_its_answers_is_left():
    """The kernel takes megabytes for a reader that sleeps; what counts is what it did not take."""

    class Line:
        """A loop and a transport that only note what is asked of them."""

        def __init__(self):
            self.asked, self.aborted = [], False

        def call_later(self, seconds, act):
            self.asked.append(seconds)
            self.late = act
            return self

        def cancel(self):
            self.late = None

        def abort(self):
            self.aborted = True

        def get_extra_info(self, _name):
            return None

    line = Line()
    config = uvicorn.Config(app=None)
    config.load()
    few = Settings(body_seconds=7, head_seconds=5)
    one = Guarded(config, ServerState(), {}, _loop=line, settings=few)
    one.connection_made(line)
    one.pause_writing()
    one.pause_writing()
    assert line.asked == [5, 7]
    one.resume_writing()
    assert line.late is None
    one.pause_writing()
    line.late()
    assert line.aborted


def test_a_header_has_a_size(impatient):
    server, _ = impatient
    for end in (b"\r\n\r\n", b""):
        with dial(server) as line:
            line.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX-A: " + b"b" * 40_000 + end)
            assert end_of(line).startswith(b"HTTP/1.1 431 ")


def test_idle_connections_give_way_to_who_has_something_to_say(impatient):
    server, _ = impatient
    held = [dial(server) for _ in range(30)]
    answer = httpx.get(f"{server.origin}/health", timeout=PATIENCE_S)
    assert answer.status_code == 200
    for line in held:
        line.close()


def test_a_device_holds_only_so_many_streams_and_the_newest_is_heard(impatient):
    server, device = impatient
    request = (
        f"GET /sync/poke HTTP/1.1\r\nHost: x\r\nAuthorization: {device['Authorization']}\r\n\r\n"
    ).encode()
    lines = []
    for _ in range(4):
        line = dial(server)
        line.sendall(request)
        said = b""
        while b"connected" not in said:
            said += line.recv(65_536)
        lines.append(line)
    for line in lines[:2]:
        said = b""
        while not said.endswith(b"0\r\n\r\n"):
            said += line.recv(65_536)
    for line in lines[:2]:
        line.close()
    for line in lines[2:]:
        line.settimeout(0.2)
        with pytest.raises(TimeoutError):
            line.recv(65_536)
        line.close()


def test_a_body_that_breaks_off_is_no_fault_in_the_log(founded):
    """A phone that leaves the radio in the middle of a push happens many times a day."""
    device = enrolled(founded)
    founded.start()
    for path in ("/sync/push", "/sync/blocks", "/api/sign-in", "/api/enrol"):
        for packed in (b"", b"Content-Encoding: gzip\r\n"):
            with dial(founded) as line:
                head = head_of(device, 3_000, path).removesuffix(b"\r\n")
                line.sendall(head + packed + b"\r\n" + b"{")
                # What the server answers next on this machine, it has read that before.
                httpx.get(f"{founded.origin}/health")
    handheld = Handheld(SITE, "1001", now)
    handheld.receive(1)
    with httpx.Client(base_url=founded.origin, headers=device) as http:
        assert http.post("/sync/push", content=handheld.push()).json()["acked"][0] == 1
    assert founded.stop() == 0
    assert "Traceback" not in founded.log
    assert "fault" not in founded.log
    statuses = [line for line in founded.log.splitlines() if "status=500" in line]
    assert statuses == []
    assert founded.log.count("status=400") == 8
