"""What `make deploy-check` starts from: Debian by mmdebstrap, packages by pip; kept in build/."""

import re
import subprocess
import sys

from tests.test_tidy import ROOT

WORK = ROOT / "build" / "deploy-check"


def call(*command, **how):
    """Run a program; what it says goes to who watches, a failure ends the check."""
    print("+", *command, flush=True)
    return subprocess.run([str(part) for part in command], check=True, **how)


def debian(name, suite, packages):
    """Return the archive of a Debian with these packages; made once."""
    archive = WORK / f"{name}.tar"
    note = archive.with_suffix(".packages")
    wanted = f"{suite} {','.join(packages)}"
    if not archive.exists() or not note.exists() or note.read_text() != wanted:
        WORK.mkdir(parents=True, exist_ok=True)
        call("mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}",
             suite, archive)  # fmt: skip
        note.write_text(wanted)
    return archive


def wheels(python):
    """Return the folder of the packages that the server needs, for this Python."""
    folder = WORK / f"wheels-{python}"
    lock = ROOT / "requirements.run.lock"
    call(sys.executable, "-m", "pip", "download", "-q", "-q", "--require-hashes",
         "--only-binary=:all:", "--python-version", python, "-r", lock, "-d", folder)  # fmt: skip
    return folder


def blocks(text, begin, end):
    """The commands of a page between two headings: its fenced blocks, in their order."""
    part = text[text.index(begin) : text.index(end)]
    found = re.findall(r"^( *)```\n(.*?)^\1```$", part, re.MULTILINE | re.DOTALL)
    assert found, begin
    return [re.sub(f"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]
