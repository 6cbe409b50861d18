"""Who may come in: PINs, one-time codes, and which sign-ins the server itself saw."""

from sqlmodel import SQLModel

from server.tables.columns import big, key


class Credential(SQLModel, table=True):
    """The PIN of a person, argon2id; wrong tries are counted in `sign_in`.

    `verifier` is what the devices of the site check a worker's PIN by without a network; empty for
    everybody with more rights. It stands in no log, feed or snapshot.
    """

    __tablename__ = "credential"
    site: str = key()
    person: str = key()
    pin_hash: str
    verifier: str = ""


class Enrolment(SQLModel, table=True):
    """A one-time code, hashed, that makes a device."""

    __tablename__ = "enrolment"
    code_hash: str = key()
    site: str
    name: str
    by: str
    expires_at: int = big()
    used_by: str | None = None


class SignIn(SQLModel, table=True):
    """That this person signed in on this device before the server's eyes, or tried and failed.

    `stamp` names the PIN that was proved. `wrong` are the tries since the last success, `at` is
    the last of them. Two kinds of row only count: one without a device counts a person's wrong
    tries on all of them, one for the person `*` a device's tries for everybody.
    """

    __tablename__ = "sign_in"
    site: str = key()
    device: str = key()
    person: str = key()
    proved_at: int | None = big(None)
    stamp: str = ""
    wrong: int = 0
    at: int = big()
    locked_until: int = big()


class SpentRow(SQLModel, table=True):
    """What a device has brought since its day began, beside the budget of `days` days."""

    __tablename__ = "spent"
    site: str = key()
    device: str = key()
    since: int = big()
    seen: int = big()
    days: int = 1
    operations: int = big()
    bytes: int = big()
    opened: int = big()
    blocks: int = big()
    told: str | None = None
    closing: int | None = big(None)


class SessionEnd(SQLModel, table=True):
    """A session that its person ended before its time; forgotten when it would have ended."""

    __tablename__ = "session_end"
    site: str = key()
    session: str = key()
    expires: int = big()
