"""The way to one small PC, played: every command of the page, in a Debian with a real systemd.

systemd-nspawn boots it with a network of its own; the packages come from a folder, because there
is nobody else on that network.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.deploy.bases import WORK, blocks, call, debian, wheels
from tests.test_tidy import ROOT

SUITE, PYTHON = "bookworm", "3.11"
BOOTS = ("systemd", "systemd-sysv", "dbus")
PAGE = ROOT / "deploy" / "README.md"
NAME = "bincard.example"
PIN = 639274
"""What is typed where the page has a PIN asked for."""

UNIT = f"""\
[Unit]
Description=The commands of the page
After=multi-user.target
SuccessAction=exit
FailureAction=exit

[Service]
Type=oneshot
Environment=HOME=/steps
WorkingDirectory=/steps
ExecStart=/bin/bash -euo pipefail -x /steps/all
StandardInput=data
StandardInputText={PIN}
StandardOutput=file:/steps/said
StandardError=file:/steps/said
TimeoutStartSec=15min
"""

AFTERWARDS = """\
# What the page does not say, but promises.
systemctl is-active bincard bincard-backup.timer bincard-drill.timer
systemctl start bincard-backup bincard-drill
ls -l /mnt/backup/bincard
b verify
systemctl restart bincard
b ready
kill -KILL $(systemctl show --value -p MainPID bincard)
until systemctl is-active bincard && b ready; do sleep 1; done
systemctl stop bincard
test "$(systemctl show --value -p Result bincard)" = success
systemctl --failed --no-legend | tee /steps/failed
test ! -s /steps/failed
"""


def packages(steps):
    """What the page has installed by apt."""
    return re.search(r"^apt install (.+)$", steps[0], re.MULTILINE)[1].split()


def furnish(root, steps):
    """Bring what the page says to bring, and the steps themselves."""
    home = root / "steps"
    home.mkdir()
    for file in [*(ROOT / "dist").glob("bincard-*.whl"), ROOT / "requirements.run.lock"]:
        shutil.copy(file, home)
    shutil.copytree(ROOT / "deploy", root / "opt" / "bincard" / "deploy")
    shutil.copytree(wheels(PYTHON), root / "wheels")
    (root / "etc/pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    # The plant's DNS, as far as this PC needs it.
    (root / "etc/hostname").write_text("pc\n")
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost pc {NAME}\n")
    (home / "all").write_text("\n".join([*steps, AFTERWARDS]))
    units = root / "etc/systemd/system"
    (units / "steps.service").write_text(UNIT)
    wants = units / "default.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / "steps.service").symlink_to("../steps.service")


def check():
    """Play it. Raises `AssertionError` with the end of what was said."""
    call("make", "--no-print-directory", "wheel", cwd=ROOT)
    steps = blocks(PAGE.read_text("utf-8"), "## A. One small PC", "## B. Containers")
    archive = debian("pc", SUITE, [*BOOTS, *packages(steps)])
    root = Path(tempfile.mkdtemp(prefix="pc-", dir=WORK))
    try:
        call("tar", "-C", root, "-xf", archive)
        furnish(root, steps)
        done = subprocess.run(
            ["systemd-nspawn", "-q", "-D", root, "--boot", "--private-network", "--register=no",
             "--keep-unit", "--hostname=pc", "--resolv-conf=off", "--link-journal=no",
             "--kill-signal=SIGRTMIN+3"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        said = root / "steps/said"
        words = said.read_text(errors="replace") if said.exists() else done.stdout.decode()
        (WORK / "small-pc.log").write_text(words)
        assert done.returncode == 0, words[-3000:]
    finally:
        shutil.rmtree(root)
    print(f"small PC: {len(steps)} blocks of the page ran, and what it promises was so")
