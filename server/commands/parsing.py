"""How commands are added to the command line: a name, what it does, and a sentence of help."""

import argparse
from collections.abc import Awaitable, Callable

from server.commands.said import Said
from server.settings import Settings

Run = Callable[[Settings, argparse.Namespace], Awaitable[Said] | Said]
Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse gives it no public name


def whole_number(most: int = 10**9) -> Callable[[str], int]:
    """Return how an argument is read that is a number from 1 on."""

    def number(text: str) -> int:
        found = int(text)
        if not 1 <= found <= most:
            raise argparse.ArgumentTypeError(f"give a number from 1 to {most:,}")
        return found

    return number


def group(
    commands: "Commands[argparse.ArgumentParser]", name: str, words: str
) -> "Commands[argparse.ArgumentParser]":
    parser = commands.add_parser(name, help=words, description=words.capitalize() + ".")
    return parser.add_subparsers(metavar="COMMAND", required=True)


def add(
    commands: "Commands[argparse.ArgumentParser]",
    name: str,
    run: Run,
    words: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
    parser.set_defaults(run=run, anywhere=False)
    return parser


def add_anywhere(
    commands: "Commands[argparse.ArgumentParser]", name: str, run: Run, words: str
) -> argparse.ArgumentParser:
    """Add a command that needs no data folder, or makes one."""
    parser = add(commands, name, run, words)
    parser.set_defaults(anywhere=True)
    return parser
