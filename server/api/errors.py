"""One function decides what an exception means on the wire: problem details (RFC 9457).

Results of single operations never come this way: they are verdicts in the answer to a push.
"""

import logging
import secrets
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, SerializationException, ValidationException
from msgspec import Struct

from server.api.sentences import SENTENCES, say
from server.book import (
    BusyError,
    CursorGoneError,
    SiteUnknownError,
    StorageFullError,
    UnreadableError,
)
from server.refusals import Code, Refusal

MEDIA_TYPE: Final = "application/problem+json"
STORAGE_RETRY_S: Final = 60
SNAPSHOT: Final = "/sync/snapshot"

_log = logging.getLogger("bincard.errors")

_BY_STATUS: Final[Mapping[int, Code]] = {
    404: Code.NOT_FOUND,
    405: Code.METHOD,
    413: Code.TOO_LARGE,
    415: Code.MEDIA_TYPE,
}


class Problem(Struct, frozen=True):
    """Why a request was refused, and what to do; `code` is for programs."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class CursorProblem(Problem, frozen=True):
    """The device's position is of no use any more: fetch a snapshot."""

    snapshot: str


def answer_for(request: Request[Any, Any, Any], exception: Exception) -> Response[Problem]:
    """Return the answer to a request that failed."""
    if isinstance(exception, CursorGoneError):
        return _response(_cursor_problem(exception, wants_chinese(request)), None)
    refusal = refusal_for(exception)
    if refusal.code is Code.INTERNAL:
        # The route: a path holds numbers of documents, and whatever else its author wants to see
        # in our log.
        _log.error(
            "fault %s at %s %s", refusal.facts["reference"], request.method,
            request.scope.get("path_template") or "no route", exc_info=exception,
        )  # fmt: skip
    return _response(problem_for(refusal, chinese=wants_chinese(request)), refusal.retry_after)


def refusal_for(exception: Exception) -> Refusal:
    """Map whatever was raised to a code; what nobody foresaw is a fault of ours."""
    match exception:
        case Refusal():
            return exception
        case BusyError():
            return Refusal(Code.BUSY, retry_after=-(-exception.retry_after_ms // 1000))
        case StorageFullError():
            return Refusal(Code.STORAGE_FULL, retry_after=STORAGE_RETRY_S)
        case SiteUnknownError():
            return Refusal(Code.SITE_UNKNOWN, site=str(exception))
        case msgspec.ValidationError() | UnreadableError():
            return Refusal(Code.INVALID, reason=_reason(str(exception)))
        case msgspec.DecodeError() | SerializationException() | UnicodeDecodeError():
            return Refusal(Code.MALFORMED, reason=_reason(str(exception)))
        case RecursionError():
            return Refusal(Code.MALFORMED, reason="it is nested too deeply")
        case ValidationException():
            return Refusal(Code.INVALID, reason=_fields(exception))
        case HTTPException():
            return _refusal_of_framework(exception)
        case _:
            return Refusal(Code.INTERNAL, reference=secrets.token_hex(4))


def problem_for(refusal: Refusal, *, chinese: bool) -> Problem:
    sentence = SENTENCES[refusal.code]
    return Problem(
        type=f"/schema#{refusal.code}",
        title=sentence.title_zh if chinese else sentence.title,
        status=sentence.status,
        detail=say(refusal, chinese=chinese),
        code=refusal.code,
    )


def _refusal_of_framework(exception: HTTPException) -> Refusal:
    cause = exception.__cause__
    if isinstance(cause, SerializationException | msgspec.DecodeError):
        return refusal_for(cause.__cause__ if isinstance(cause.__cause__, Exception) else cause)
    code = _BY_STATUS.get(exception.status_code)
    if code is None:
        code = Code.INVALID if exception.status_code < 500 else Code.INTERNAL  # noqa: PLR2004
    return Refusal(code, reason=_reason(exception.detail), reference=secrets.token_hex(4))


def _fields(exception: ValidationException) -> str:
    extra = exception.extra if isinstance(exception.extra, list) else []
    parts = [
        # The framework calls a body `data`, a name that nobody who sent it knows.
        str(part.get("message", "")) if part.get("key", "data") == "data"
        else f"{part['key']}: {part.get('message', '')}"
        for part in extra
        if isinstance(part, dict)
    ]  # fmt: skip
    return _reason("; ".join(parts) or exception.detail)


def _reason(text: str) -> str:
    return text.rstrip(". ")[:300]


def _cursor_problem(exception: CursorGoneError, chinese: bool) -> CursorProblem:  # noqa: FBT001
    return CursorProblem(
        type=f"/schema#{exception.code}",
        title="本机数据过旧" if chinese else "Start again from a snapshot",
        status=410,
        detail="本机数据需要重新下载，未上传的记录不受影响。"
        if chinese
        else "The device's copy must be fetched again. Its unsent records are not touched.",
        code=exception.code,
        snapshot=SNAPSHOT,
    )


def wants_chinese(request: Request[Any, Any, Any]) -> bool:
    """Say whether who asks reads 简体中文 first."""
    return request.headers.get("accept-language", "").lower().startswith("zh")


def _response(problem: Problem, retry_after: int | None) -> Response[Problem]:
    headers = {"Cache-Control": "no-store"}
    if retry_after is not None:
        headers["Retry-After"] = str(max(1, retry_after))
    if problem.status == 401:  # noqa: PLR2004
        headers["WWW-Authenticate"] = 'Bearer realm="bincard"'
    return Response(problem, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)
