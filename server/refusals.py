"""Why a request is refused, as a closed vocabulary: the layers below the API know no HTTP.

The API gives each code its status and its sentence, in 简体中文 and English.
"""

from enum import StrEnum


class Code(StrEnum):
    """What is wrong, for people (a sentence) and for programs (this text)."""

    MALFORMED = "malformed"
    INVALID = "invalid"
    QUERY_UNKNOWN = "query_unknown"
    TOO_LARGE = "too_large"
    NOT_GZIP = "not_gzip"
    MEDIA_TYPE = "media_type"
    NOT_FOUND = "not_found"
    METHOD = "method"
    DEVICE_UNKNOWN = "device_unknown"
    DEVICE_REVOKED = "device_revoked"
    OTHER_SITE = "other_site"
    OTHER_DEVICE = "other_device"
    RESCUE_UNSIGNED = "rescue_unsigned"
    SITE_UNKNOWN = "site_unknown"
    SIGN_IN = "sign_in"
    SUPERVISOR_ONLY = "supervisor_only"
    CODE_INVALID = "code_invalid"
    PIN_WRONG = "pin_wrong"
    PIN_WEAK = "pin_weak"
    PIN_SHORT = "pin_short"
    PIN_RENEW = "pin_renew"
    PIN_OF_WORKER = "pin_of_worker"
    PIN_MISSING = "pin_missing"
    LOCKED = "locked"
    TOO_MANY = "too_many"
    BADGE_TAKEN = "badge_taken"
    PERSON_UNKNOWN = "person_unknown"
    LAST_SUPERVISOR = "last_supervisor"
    DOCUMENT_EXISTS = "document_exists"
    KEY_USED = "idempotency_key_used"
    NAME_UNREADABLE = "name_unreadable"
    ITEM_UNKNOWN = "item_unknown"
    PARTNER_UNKNOWN = "partner_unknown"
    PLACE_UNKNOWN = "place_unknown"
    LINES_MISSING = "lines_missing"
    LINE_INCOMPLETE = "line_incomplete"
    BUSY = "busy"
    STORAGE_FULL = "storage_full"
    CLOCK_BEHIND = "clock_behind"
    CLOCK_AHEAD = "clock_ahead"
    STOPPING = "stopping"
    DATABASE_SILENT = "database_silent"
    TABLES_OTHER = "tables_other"
    WRITER_STUCK = "writer_stuck"
    DISK_LOW = "disk_low"
    WATCHERS_ONLY = "watchers_only"
    ABORTED = "aborted"
    DAY_FULL = "day_full"
    DEVICE_CLOSED = "device_closed"
    BLOCK_UNUSED = "block_unused"
    INTERNAL = "internal"


class NotReady(Exception):  # noqa: N818 - the word of the domain
    """The server, or its database, cannot do its work now; the message says what to do."""


class Refusal(Exception):  # noqa: N818 - the word of the domain
    """A request that cannot be done as it is; `facts` complete its sentence.

    `retry_after` is in seconds, and null where waiting changes nothing.
    """

    def __init__(self, code: Code, *, retry_after: int | None = None, **facts: object) -> None:
        super().__init__(code.value)
        self.code = code
        self.retry_after = retry_after
        self.facts = facts
