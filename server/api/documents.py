"""Documents over HTTP: what the floor is asked to do, and how far it is."""

from typing import Annotated, Final, Literal, TypeAlias

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromQuery, HeaderParameter, JSONBody, QueryParameter

from server.api.guards import Gate, supervisor, worker
from server.api.parameters import Limit, NameInPath, Start
from server.api.schema import AS_SUPERVISOR, AS_WORKER, BODY, PERSON, problems
from server.documents import progress, requests
from server.people.sign_in import SignedIn
from server.refusals import Code

BODY_BYTES_MAX: Final = 256 * 1024

IdempotencyKey: TypeAlias = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key", min_length=1, max_length=255, pattern=r"^[!-~]+$",
        description="Chosen by the sender, one for each request and the same for its repetitions",
    ),
]  # fmt: skip
Kind = Literal["purchase", "sales", "work", "count", "move"]
State = Literal["open", "closed", "cancelled"]


@get("/", guards=[worker], responses=problems(*AS_WORKER))
async def list_documents(  # noqa: PLR0913, PLR0917 - one argument per filter of the query
    gate: NamedDependency[Gate],
    person: NamedDependency[SignedIn],
    kind: FromQuery[Kind | None] = None,
    in_state: Annotated[State | None, QueryParameter(name="state")] = None,
    limit: Limit = 200,
    start: Start = None,
) -> progress.Documents:
    """List documents by number with their progress; `next` of a page is `start` of the next."""
    asked = progress.Asked(kind, in_state, limit, start)
    return await gate.book.read(lambda book: progress.documents(book, person.site, asked))


@get("/{number:str}", guards=[worker], responses=problems(*AS_WORKER, Code.NOT_FOUND))
async def read_document(
    gate: NamedDependency[Gate], person: NamedDependency[SignedIn], number: NameInPath
) -> progress.DocumentShown:
    """Return a document with its lines; `done` follows from the ledger."""
    return await gate.book.read(lambda book: progress.document(book, person.site, number))


@post(
    "/", guards=[supervisor], status_code=201, request_max_body_size=BODY_BYTES_MAX,
    responses={
        **problems(
            *AS_SUPERVISOR, Code.DOCUMENT_EXISTS, Code.KEY_USED, Code.NAME_UNREADABLE,
            Code.ITEM_UNKNOWN, Code.PARTNER_UNKNOWN, Code.PLACE_UNKNOWN, Code.LINES_MISSING,
            Code.LINE_INCOMPLETE, *BODY,
        ),
        200: ResponseSpec(
            progress.DocumentShown, generate_examples=False,
            description="The same request came before: this is its document",
        ),
    },
)  # fmt: skip
async def create_document(
    gate: NamedDependency[Gate],
    person: NamedDependency[SignedIn],
    data: JSONBody[requests.DocumentRequest],
    sent_as: IdempotencyKey = None,
) -> Response[progress.DocumentShown]:
    """Create a document; the devices of the site see it at their next pull.

    The same request again, or one with the same `Idempotency-Key`, answers 200 with its document.
    """
    by = person.person
    is_new = await requests.create(gate.book, person.site, by, data, sent_as)
    shown = await gate.book.read(lambda book: progress.document(book, person.site, data.document))
    return Response(shown, status_code=201 if is_new else 200)


router = Router(
    "/documents",
    route_handlers=[list_documents, read_document, create_document],
    security=PERSON,
    tags=["documents"],
)
