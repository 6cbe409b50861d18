"""The settings as a table: for whoever asks on the terminal, and for docs/settings.md."""

from contextlib import suppress
from typing import Any, Final

from server.book.engine import address_of
from server.commands.said import Said, table
from server.settings import About, Settings, abouts

HEAD: Final = """\
# Settings

Written by `python -m server.generate` from `server/settings.py`; `bincard settings` shows what is in effect.
Each is an environment variable.
Any of them may also be given as a file: `BINCARD_DATABASE_FILE=/run/secrets/database` reads the value from there.
A name that starts with `BINCARD_` and is not in this table stops every command, so that no misspelt setting is silently ignored.

| Setting | Default | Meaning |
|---|---|---|
"""  # noqa: E501 - a line of the page per sentence


def show(settings: Settings) -> Said:
    """List every setting with what is in effect."""
    rows: list[tuple[object, ...]] = [
        (about.variable, _in_effect(about, getattr(settings, name)), about.words)
        for name, (_, about) in abouts().items()
    ]
    return Said(table(("setting", "in effect", "meaning"), rows))


def page() -> str:
    """Return docs/settings.md."""
    plain = Settings()
    return HEAD + "".join(
        f"| `{about.variable}` | {_default(about, getattr(plain, name))} | {about.words} |\n"
        for name, (_, about) in abouts().items()
    )


def _default(about: About, value: Any) -> str:  # noqa: ANN401 - whatever a setting is
    if about.shown is not None:
        return about.shown
    text = _plain(value)
    return f"`{text}`" if text else "none"


def _plain(value: Any) -> str:  # noqa: ANN401 - whatever a setting is
    return str(int(value)) if isinstance(value, bool) else str("" if value is None else value)


def _in_effect(about: About, value: Any) -> str:  # noqa: ANN401 - whatever a setting is
    """Say what a setting is, but no password and no token."""
    text = _plain(value)
    if not about.secret or not text:
        return text or "-"
    with suppress(ValueError):
        return address_of(text).render_as_string(hide_password=True)
    return "(set)"
