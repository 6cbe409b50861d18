"""Three machines with etcd and PostgreSQL under Patroni, on loopback, by the files of deploy/.

Each machine has its own folder and ports. It is killed or stopped whole: what runs on it is found
by the numbers of the processes that were started here.
"""

import contextlib
import itertools
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.request
from pathlib import Path

import psycopg

from server.book.engine import address_of
from tests.torture.waiting import until
from tests.world.postgres import find_binaries, unprivileged

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy" / "failover"
PATRONI = ROOT / "build" / "patroni"
"""Where `make cluster` installs its packages: Debian's of 2023 may lose what was acknowledged
(decision 100)."""
PYTHON = "/usr/bin/python3"
"""Theirs: an interpreter that anybody may run, whoever the tests are."""
NAMES = ("db1", "db2", "db3")
HERE = "127.0.0.1"
ASK_S = 2

names = itertools.count(1)


def example(file):
    """What a file of deploy/ sets, by name."""
    lines = (DEPLOY / file).read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and line[0] != "#")


def like(file, **own):
    """The settings of a file of deploy/, with this machine's instead of the example's."""
    settings = example(file)
    assert own.keys() <= settings.keys(), own.keys() - settings.keys()
    return {**os.environ, **settings, **own}


def free_ports(number):
    with contextlib.ExitStack() as probes:
        opened = [probes.enter_context(socket.socket()) for _ in range(number)]
        for probe in opened:
            probe.bind((HERE, 0))
        return [probe.getsockname()[1] for probe in opened]


class Machine:
    """One of the three: its etcd, its Patroni, and the PostgreSQL that Patroni starts."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        self.folder = cluster.folder / name
        self.folder.mkdir()
        if cluster.user:
            os.chown(self.folder, cluster.user.pw_uid, cluster.user.pw_gid)
        self.client, self.peer, self.health, self.port = free_ports(4)
        self.running = []

    def start(self):
        etcd = like(
            "etcd.env",
            ETCD_NAME=self.name,
            ETCD_DATA_DIR=str(self.folder / "etcd"),
            ETCD_LISTEN_PEER_URLS=f"http://{HERE}:{self.peer}",
            ETCD_LISTEN_CLIENT_URLS=f"http://{HERE}:{self.client}",
            ETCD_INITIAL_ADVERTISE_PEER_URLS=f"http://{HERE}:{self.peer}",
            ETCD_ADVERTISE_CLIENT_URLS=f"http://{HERE}:{self.client}",
            ETCD_INITIAL_CLUSTER=self.cluster.among("{name}=http://{HERE}:{peer}"),
        )
        patroni = like(
            "patroni.env",
            PATRONI_NAME=self.name,
            PATRONI_RESTAPI_LISTEN=f"{HERE}:{self.health}",
            PATRONI_RESTAPI_CONNECT_ADDRESS=f"{HERE}:{self.health}",
            PATRONI_POSTGRESQL_LISTEN=f"{HERE}:{self.port}",
            PATRONI_POSTGRESQL_CONNECT_ADDRESS=f"{HERE}:{self.port}",
            PATRONI_POSTGRESQL_DATA_DIR=str(self.folder / "data"),
            PATRONI_POSTGRESQL_BIN_DIR=str(self.cluster.binaries),
            PATRONI_POSTGRESQL_PGPASS=str(self.folder / "pgpass"),
            PATRONI_ETCD3_HOSTS=self.cluster.among("{HERE}:{client}"),
            PATRONI_SUPERUSER_PASSWORD=self.cluster.password,
            PATRONI_REPLICATION_PASSWORD=self.cluster.password,
            PATRONI_RESTAPI_PASSWORD=self.cluster.password,
        )
        self.running = [
            self.cluster.run(["etcd"], etcd, self.folder / "etcd.log"),
            self.cluster.run(
                [PYTHON, "-m", "patroni", str(self.cluster.folder / "failover" / "patroni.yaml")],
                patroni | {"PYTHONPATH": str(self.cluster.folder / "patroni")},
                self.folder / "patroni.log",
            ),
        ]

    def postgres(self):
        """The numbers of PostgreSQL's processes, the first one's first."""
        try:
            first = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
            children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        except (OSError, IndexError):
            return []
        return [first, *map(int, children)]

    def tell(self, how, pids=None):
        """Give a signal to everything that runs here, or to these."""
        for pid in pids or [*(process.pid for process in self.running), *self.postgres()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)

    def kill(self):
        """As by a power cut: no process sees another one die."""
        self.tell(signal.SIGSTOP)
        self.tell(signal.SIGKILL)
        for process in self.running:
            process.wait()
        self.running = []

    def says(self):
        """What its Patroni knows of all machines: their rows by name; nothing where it is away."""
        asked = f"http://{HERE}:{self.health}/cluster"
        try:
            with urllib.request.urlopen(asked, timeout=ASK_S) as answer:
                return {row["name"]: row for row in json.load(answer)["members"]}
        except (OSError, ValueError):
            return {}


class Cluster:
    """All of it, with HAProxy in front; databases are made as in `Postgres`."""

    def __init__(self, within=None):
        self.folder = Path(tempfile.mkdtemp(prefix="bincard-cluster-", dir=within))
        self.user = unprivileged()
        self.binaries = find_binaries(self.folder, self.user)
        self.password = secrets.token_hex(24)
        self.by_proxy = False
        self.folder.chmod(0o755)
        # Who it runs as may be shut out of where we are.
        shutil.copytree(PATRONI, self.folder / "patroni")
        shutil.copytree(DEPLOY, self.folder / "failover")
        self.machines = [Machine(self, name) for name in NAMES]
        (self.entrance,) = free_ports(1)
        self.proxy = None
        try:
            self._start()
        except BaseException as fault:
            fault.add_note(self.last_words())
            self.remove()
            raise

    def _start(self):
        for machine in self.machines:
            machine.start()
        told = {}
        for number, machine in enumerate(self.machines, start=1):
            told |= {f"DB{number}": f"{HERE}:{machine.port}",
                     f"DB{number}_PATRONI": str(machine.health)}  # fmt: skip
        told = like("haproxy.env", LEADER_AT=f"{HERE}:{self.entrance}", **told)
        self.proxy = self.run(
            ["haproxy", "-db", "-f", str(self.folder / "failover" / "haproxy.cfg")],
            told,
            self.folder / "haproxy.log",
        )
        self.heal()
        self.ask(f"CREATE ROLE bincard LOGIN PASSWORD '{self.password}'")

    def among(self, pattern):
        """All machines, each written like this."""
        return ",".join(pattern.format(HERE=HERE, **vars(each)) for each in self.machines)

    def run(self, command, environment, log):
        """Start a process in a session of its own, as the system would."""
        as_user = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        program = shutil.which(command[0], path=f"{os.environ['PATH']}:/usr/sbin")
        with log.open("ab") as said:
            return subprocess.Popen(
                [program, *command[1:]], stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                cwd=self.folder, env=environment, start_new_session=True,
                **(as_user if self.user else {}),
            )  # fmt: skip

    def leader(self):
        """The machine that leads as the others see it, or None."""
        for machine in self.machines:
            for name, row in machine.says().items():
                if row["role"] == "leader" and row["state"] == "running":
                    return self.machines[NAMES.index(name)]
        return None

    def is_whole(self):
        """Whether one leads, one follows at once, one follows, and nobody is behind."""
        rows = [row for machine in self.machines for row in machine.says().values()]
        well = {"running", "streaming"}
        roles = sorted((row["name"], row["role"]) for row in rows)
        return (
            len(rows) == len(NAMES) ** 2
            and len({*roles}) == len(NAMES)
            and sorted(role for _, role in {*roles}) == ["leader", "replica", "sync_standby"]
            and {row["state"] for row in rows} <= well
            and len({row.get("timeline") for row in rows}) == 1
            and {row.get("lag", 0) for row in rows} == {0}
        )

    def heal(self):
        """Wait until all three are in their places."""
        until(self.is_whole, "that all three machines are in their places")

    def url(self, name):
        """How Bincard is told where the database is: by a proxy, or by all addresses."""
        hosts = f"{HERE}:{self.entrance}" if self.by_proxy else self.among("{HERE}:{port}")
        return f"postgresql://bincard:{self.password}@{hosts}/{name}?connect_timeout=3"

    def create(self, template=None):
        name = f"test{next(names)}"
        like = f" TEMPLATE {address_of(template).database}" if template else ""
        self.ask(f"CREATE DATABASE {name} OWNER bincard{like}")
        return self.url(name)

    def drop(self, url):
        self.ask(f"DROP DATABASE {address_of(url).database} WITH (FORCE)")

    def ask(self, query):
        """Run a query on the leader as whoever looks after it; return its rows."""
        with psycopg.connect(
            host=HERE, port=self.leader().port, user="postgres", password=self.password,
            dbname="postgres", autocommit=True,
        ) as connection:  # fmt: skip
            done = connection.execute(query)
            return done.fetchall() if done.description else []

    def last_words(self):
        """The end of each log."""
        said = []
        for log in sorted([*self.folder.rglob("patroni.log"), *self.folder.glob("*.log")]):
            lines = log.read_text(errors="replace").splitlines()
            said += [f"== {log.relative_to(self.folder)}", *lines[-30:]]
        return "\n".join(said)

    def remove(self):
        for machine in self.machines:
            machine.kill()
        if self.proxy:
            self.proxy.kill()
            self.proxy.wait()
        shutil.rmtree(self.folder)
