"""What holds for the whole database, whatever sites are in it."""

from sqlmodel import SQLModel

from server.tables.columns import big, key


class InstallationRow(SQLModel, table=True):
    """A number by its name.

    `derived` is the version of what follows from the ledger (`server/migrations/derived.py`),
    `clock` the moment in ms at which somebody said that the server's clock is right.
    """

    __tablename__ = "installation"
    name: str = key()
    value: int = big()
