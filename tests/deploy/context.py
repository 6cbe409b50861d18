"""What a builder of images is sent: `.dockerignore` as docker and buildah read it."""

import os
import re
from pathlib import Path


class Rules:
    """The last rule that fits a file, or a folder above it, decides; `!` lets in."""

    def __init__(self, text):
        lines = [line.strip() for line in text.splitlines()]
        self.rules = [
            (line[0] == "!", _pattern(line.lstrip("!").strip("/")))
            for line in lines
            if line and line[0] != "#"
        ]

    def let_in(self, name):
        """Whether a path, relative and with slashes, is sent."""
        parts = name.split("/")
        above = ["/".join(parts[: number + 1]) for number in range(len(parts))]
        is_sent = True
        for lets_in, pattern in self.rules:
            if any(pattern.fullmatch(one) for one in above):
                is_sent = lets_in
        return is_sent

    def sent(self, root):
        """The files of a folder that are sent."""
        found = []
        for folder, folders, files in os.walk(root):
            here = Path(folder).relative_to(root)
            names = [(here / name).as_posix() for name in files]
            found += [name for name in names if self.let_in(name)]
            # A folder that is kept out has nothing that is let in again in our rules.
            folders[:] = [name for name in folders if self.let_in((here / name).as_posix())]
        return found


def _pattern(rule):
    parts = {r"\*\*/": "(?:.*/)?", r"\*\*": ".*", r"\*": "[^/]*", r"\?": "[^/]"}
    known = "|".join(map(re.escape, parts))
    return re.compile(re.sub(known, lambda found: parts[found[0]], re.escape(rule)))
