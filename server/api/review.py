"""What waits for a supervisor, over HTTP; decisions travel as intents through the push."""

from typing import Annotated, Literal

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from server.api.guards import Gate, supervisor, worker
from server.api.parameters import Filter, Limit, NameInPath, Start
from server.api.schema import AS_SUPERVISOR, AS_WORKER, PERSON, problems
from server.people.sign_in import SignedIn
from server.refusals import Code
from server.reports import review
from server.reports.floods import Overview, Shelf, overview

LineNumber = Annotated[int, PathParameter(ge=-100_000, le=100_000)]
Settled = Literal["open", "settled", "evidence"]
Decided = Literal["open", "matched", "approved", "rejected", "recount", "reversed"]


@get("/discrepancies", guards=[worker], responses=problems(*AS_WORKER))
async def list_discrepancies(  # noqa: PLR0913, PLR0917 - one argument per filter of the query
    gate: NamedDependency[Gate],
    person: NamedDependency[SignedIn],
    in_state: Annotated[Settled | None, QueryParameter(name="state")] = None,
    code: Filter = None,
    device_id: Annotated[str | None, QueryParameter(name="device", max_length=64)] = None,
    shelf: Annotated[Shelf | None, QueryParameter()] = None,
    limit: Limit = 200,
    start: Start = None,
) -> review.Discrepancies:
    """List what is odd, the gravest first and then the oldest."""
    asked = review.DiscrepanciesAsked(in_state, code, device_id, shelf, limit, start)
    return await gate.book.read(lambda book: review.discrepancies(book, person.site, asked))


@get("/desk", guards=[supervisor], responses=problems(*AS_SUPERVISOR))
async def read_desk(gate: NamedDependency[Gate], person: NamedDependency[SignedIn]) -> Overview:
    """Count what waits: one by one, and what single devices opened by the hundred (D5)."""
    return await gate.book.read(lambda book: overview(book, person.site))


@get("/variances", guards=[supervisor], responses=problems(*AS_SUPERVISOR))
async def list_variances(
    gate: NamedDependency[Gate],
    person: NamedDependency[SignedIn],
    in_state: Annotated[Decided | None, QueryParameter(name="state")] = None,
    limit: Limit = 200,
    start: Start = None,
) -> review.Variances:
    """List what was counted beside what was expected at that moment."""
    asked = review.VariancesAsked(in_state, limit, start)
    return await gate.book.read(lambda book: review.variances(book, person.site, asked))


@get(
    "/variances/{operation:str}/{line:int}",
    guards=[supervisor],
    responses=problems(*AS_SUPERVISOR, Code.NOT_FOUND),
)
async def read_story(
    gate: NamedDependency[Gate],
    person: NamedDependency[SignedIn],
    operation: NameInPath,
    line: LineNumber,
) -> review.Story:
    """Tell why the ledger expected what it did, step by step."""
    return await gate.book.read(lambda book: review.story(book, person.site, operation, line))


router = Router(
    "/",
    route_handlers=[list_discrepancies, read_desk, list_variances, read_story],
    security=PERSON,
    tags=["review"],
)
