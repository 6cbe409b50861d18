"""Documents over HTTP: what the floor is asked to do, and how far it is."""

from typing import Annotated, Final, Literal

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter

from server.api.guards import Gate, supervisor, worker
from server.api.parameters import Limit, NameInPath, Start
from server.api.schema import AS_SUPERVISOR, AS_WORKER, BODY, PERSON, problems
from server.documents import progress, requests
from server.people.sign_in import SignedIn
from server.refusals import Code

BODY_BYTES_MAX: Final = 256 * 1024

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
    responses=problems(
        *AS_SUPERVISOR, Code.DOCUMENT_EXISTS, Code.ITEM_UNKNOWN, Code.PARTNER_UNKNOWN,
        Code.PLACE_UNKNOWN, Code.LINES_MISSING, Code.LINE_INCOMPLETE, *BODY,
    ),
)  # fmt: skip
async def create_document(
    gate: NamedDependency[Gate],
    person: NamedDependency[SignedIn],
    data: JSONBody[requests.DocumentRequest],
) -> progress.DocumentShown:
    """Create a document; the devices of the site see it at their next pull."""
    number = await requests.create(gate.book, person.site, person.person, data)
    return await gate.book.read(lambda book: progress.document(book, person.site, number))


router = Router(
    "/documents",
    route_handlers=[list_documents, read_document, create_document],
    security=PERSON,
    tags=["documents"],
)
