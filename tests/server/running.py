"""`bincard` as its own process: commands, and a server that can be started and killed."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

SITE = "PLANT"
END_S = 60
"""Far beyond what an end takes on the slowest machine."""

FILES = {
    "locations": "location,warehouse,kind\n06-B-10,06,bin\nDOCK,06,dock\n",
    "items": "item,name,lots\nBE-2908,Headset Ball Bearings,yes\n",
    "partners": "partner,kind,name\n1580,supplier,Litware\n",
}


class Server:
    """`bincard` in a folder of its own: commands, and a server that can be started and killed."""

    program = (sys.executable, "-m", "server.cli")
    cwd = None

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "BINCARD_DATA": str(folder),
            "BINCARD_PORT": str(self.port),
            "BINCARD_ACCESS_LOG": "1",
        }
        self.process = None
        self._said = None

    def run(self, *arguments, given="", file_bytes_max=None):
        """Run a command. With `file_bytes_max` no file may grow beyond it, as on a full disk."""

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes_max, file_bytes_max))

        return subprocess.run(
            [*self.program, *arguments],
            cwd=self.cwd,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=limit if file_bytes_max else None,
        )

    def start(self):
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - it outlives this
        self.process = subprocess.Popen(
            [*self.program, "serve"],
            cwd=self.cwd,
            env=self.environment,
            stdout=subprocess.PIPE,
            # A pipe that nobody reads would be full one day, and the server would wait for it.
            stderr=self._said,
            text=True,
        )
        assert self.process.stdout.readline() == f"Bincard answers on {self.origin}\n"

    def stop(self, how=signal.SIGTERM):
        """Tell it to stop; a power cut asks none of its processes."""
        children = self.workers() if how is signal.SIGKILL else []
        for pid in [self.process.pid, *children]:
            os.kill(pid, how)
        self.process.communicate(timeout=END_S)
        self._said.seek(0)
        self.log = self._said.read()
        self._said.close()
        return self.process.returncode

    def workers(self):
        pid = self.process.pid
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def end(self):
        """Let go of a process that a failed test left behind."""
        if self.process and not self.process.stdout.closed:
            self.process.kill()
            self.process.communicate()
        if self._said:
            self._said.close()


def enrolled(server, name="PDA-01"):
    done = server.run("device", "enrol", "--json", "--site", SITE, "--name", name)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert sorted(answer) == ["device", "site", "token"]
    return {"Authorization": f"Bearer {answer['token']}"}
