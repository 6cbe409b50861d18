"""The files of deploy/ as the programs themselves read them, and what a build would be sent."""

import datetime as dt
import os
import re
import shutil
import subprocess

import pytest
import yaml

from server.tls.authority import make_authority, make_leaf
from sync.messages import PUSH_BYTES_MAX
from tests.deploy.context import Rules
from tests.test_tidy import FILES, ROOT
from tests.world.cluster import DEPLOY as FAILOVER
from tests.world.cluster import example

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
STRANGERS = (
    ".venv/bin/python", "build/base.tar", "data/bincard.db", "data/token.key", "deploy/compose.env",
    "deploy/secrets/database_url", "dist/bincard-1.whl", "pwa/dist/index.html",
    "pwa/node_modules/svelte/index.js", "server/__pycache__/app.pyc", "server/book.db",
    "server/book.db-wal", "test-results/pytest.log", "tests/conftest.py", ".git/config",
)  # fmt: skip
"""What lies in the folder of somebody who works in it, or runs it."""


def the(program):
    """Where a program is; without it a test is skipped, and says so."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
    if not found:
        pytest.skip(f"{program} is not installed: make proxies")
    return found


def run(*command, **environment):
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_caddy_takes_its_file_with_the_values_that_compose_gives_it(tmp_path):
    told = COMPOSE["services"]["proxy"]["environment"] | {"SITE_NAME": "bincard.example"}
    run(the("caddy"), "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile"),
        HOME=str(tmp_path), XDG_DATA_HOME=str(tmp_path), **told)  # fmt: skip


def test_nginx_takes_its_file_and_a_whole_push(tmp_path):
    nginx, now = the("nginx"), dt.datetime.now(dt.UTC)
    names = ["bincard.example"]
    leaf = make_leaf(make_authority(names, now), names, now)
    site = (DEPLOY / "nginx.conf").read_text("utf-8")
    (tmp_path / "cert.pem").write_bytes(leaf.certificate)
    (tmp_path / "key.pem").write_bytes(leaf.key)
    (tmp_path / "site.conf").write_text(site.replace("/etc/nginx/bincard", str(tmp_path)))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{ access_log off; include {tmp_path}/site.conf; }}\n"
    )
    run(nginx, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"))
    (most,) = re.findall(r"client_max_body_size (\d+)m;", site)
    assert int(most) * 1024**2 == PUSH_BYTES_MAX


def test_haproxy_takes_its_file_with_the_values_of_its_example():
    run(the("haproxy"), "-c", "-f", str(FAILOVER / "haproxy.cfg"), **example("haproxy.env"))


def test_a_leader_that_lost_its_place_is_cut_off_and_the_deadlines_fit_into_one_another():
    assert "on-marked-down shutdown-sessions" in (FAILOVER / "haproxy.cfg").read_text("utf-8")
    told = yaml.safe_load((FAILOVER / "patroni.yaml").read_text("utf-8"))["bootstrap"]["dcs"]
    assert told["synchronous_mode"] is told["synchronous_mode_strict"] is True
    assert told["loop_wait"] + 2 * told["retry_timeout"] <= told["ttl"]


def test_the_three_machines_of_the_examples_are_the_same_everywhere():
    patroni, etcd, proxy = (example(f"{name}.env") for name in ("patroni", "etcd", "haproxy"))
    clients = patroni["PATRONI_ETCD3_HOSTS"].split(",")
    hosts = [client.removesuffix(":2379") for client in clients]
    asked = [f"db{number}=http://{host}:2380" for number, host in enumerate(hosts, start=1)]
    assert etcd["ETCD_INITIAL_CLUSTER"].split(",") == asked
    assert [proxy[f"DB{number}"] for number in (1, 2, 3)] == [f"{host}:5432" for host in hosts]
    assert patroni["PATRONI_POSTGRESQL_LISTEN"] == proxy["DB1"]
    assert patroni["PATRONI_NAME"] == etcd["ETCD_NAME"] == "db1"


def test_a_build_is_sent_the_sources_and_nothing_else_that_lies_in_the_folder():
    rules = Rules((ROOT / ".dockerignore").read_text("utf-8"))
    kept = {path.relative_to(ROOT).as_posix() for path in FILES}
    let_in = ("server/", "sync/", "labels/", "pwa/")
    alone = {"pyproject.toml", "README.md", "LICENSE", "requirements.run.lock"}
    wanted = {name for name in kept if name.startswith(let_in) or name in alone}
    assert {name for name in {*kept, *STRANGERS} if rules.let_in(name)} == wanted
    strange = {name for name in rules.sent(ROOT) if name not in wanted}
    assert strange == set(), "an ignored file would be sent"


def test_the_rules_of_the_context_are_read_as_the_builders_read_them():
    rules = Rules("*\n!a\na/b\n!a/b/c\n**/*.db\n")
    sent = ("a", "a/x", "a/b/c", "a/b/c/d")
    kept_out = ("x", "a/b", "a/b/d", "a/x.db", "a/b/c/x.db", "ab")
    assert [name for name in (*sent, *kept_out) if rules.let_in(name)] == [*sent]
