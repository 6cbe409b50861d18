"""The process that was started looks after its own, and says why when one of them cannot begin."""

import subprocess
import sys

STRANGER = """
import os, signal, subprocess, sys
from server.workers import Workers

stranger = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])

def work(say_ready):
    say_ready()
    signal.pause()

def ready():
    stranger.kill()
    while os.path.exists(f"/proc/{stranger.pid}"):
        pass
    os.kill(os.getpid(), signal.SIGTERM)

sys.exit(Workers(2, work, ready).run())
"""

FAILING = """
import sys
from server.workers import Workers

def work(say_ready):
    raise RuntimeError("no room for one more connection")

sys.exit(Workers(2, work, print).run())
"""


def run(script):
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )


def test_a_process_that_it_did_not_start_may_end():
    """The first process of a container inherits what others leave behind: a backup's, say."""
    done = run(STRANGER)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_process_that_cannot_begin_says_why():
    done = run(FAILING)
    assert done.returncode == 1
    assert "no room for one more connection" in done.stderr
