"""Who does what is done once, and until when."""

from sqlmodel import SQLModel

from server.tables.columns import big, key


class Lease(SQLModel, table=True):
    """`holder` does this work until `until`, by the clock of the database, unless it asks again."""

    __tablename__ = "lease"
    work: str = key()
    holder: str
    until: int = big()
