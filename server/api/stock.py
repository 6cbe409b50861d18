"""Stock over HTTP: what stands where, the bin card behind it, and single operations."""

from litestar import Router, get
from litestar.di import NamedDependency

from server.api.guards import Gate, supervisor, worker
from server.api.parameters import Filter, Limit, Name, NameInPath, Start
from server.api.schema import AS_SUPERVISOR, AS_WORKER, PERSON, problems
from server.people.sign_in import SignedIn
from server.refusals import Code
from server.reports import bin_card, holdings, operations, valuation, whereabouts


@get("/holdings", guards=[worker], responses=problems(*AS_WORKER))
async def list_holdings(  # noqa: PLR0913, PLR0917 - one argument per filter of the query
    gate: NamedDependency[Gate],
    person: NamedDependency[SignedIn],
    item: Filter = None,
    place: Filter = None,
    limit: Limit = 200,
    start: Start = None,
) -> holdings.Holdings:
    """List what stands where, by place; `next` of a page is `start` of the next."""
    asked = holdings.Asked(item, place, limit, start)
    return await gate.book.read(lambda book: holdings.holdings(book, person.site, asked))


@get("/bin-card", guards=[worker], responses=problems(*AS_WORKER))
async def read_bin_card(  # noqa: PLR0913, PLR0917 - as above
    gate: NamedDependency[Gate],
    person: NamedDependency[SignedIn],
    place: Name,
    item: Name,
    limit: Limit = 50,
    start: Start = None,
) -> bin_card.BinCard:
    """Return what came, what went and what was left; `earlier` is `start` of the page before."""
    asked = bin_card.CardAsked(place, item, limit, start)
    return await gate.book.read(lambda book: bin_card.bin_card(book, person.site, asked))


@get("/operations/{id_:str}", guards=[worker], responses=problems(*AS_WORKER, Code.NOT_FOUND))
async def read_operation(
    gate: NamedDependency[Gate], person: NamedDependency[SignedIn], id_: NameInPath
) -> operations.OperationShown:
    """Return an operation as it was sent, with its postings and what became of it."""
    return await gate.book.read(lambda book: operations.operation(book, person.site, id_))


@get("/serials/{item:str}/{serial:str}", guards=[worker], responses=problems(*AS_WORKER))
async def read_serial(
    gate: NamedDependency[Gate], person: NamedDependency[SignedIn], item: NameInPath,
    serial: NameInPath,
) -> whereabouts.Whereabouts:  # fmt: skip
    """Return where a serial stands, and every place where it was seen."""
    return await gate.book.read(lambda book: whereabouts.serial(book, person.site, item, serial))


@get("/containers/{code:str}", guards=[worker], responses=problems(*AS_WORKER))
async def read_container(
    gate: NamedDependency[Gate], person: NamedDependency[SignedIn], code: NameInPath
) -> whereabouts.Whereabouts:
    """Return where a container stands, where it was seen, and what it holds."""
    return await gate.book.read(lambda book: whereabouts.container(book, person.site, code))


@get("/valuation", guards=[supervisor], responses=problems(*AS_SUPERVISOR))
async def list_values(
    gate: NamedDependency[Gate],
    person: NamedDependency[SignedIn],
    limit: Limit = 200,
    start: Start = None,
) -> valuation.Values:
    """Say what the stock of each item is worth; `next` of a page is `start` of the next."""
    asked = valuation.Asked(limit, start)
    return await gate.book.read(lambda book: valuation.values(book, person.site, asked))


@get(
    "/valuation/{item:str}", guards=[supervisor], responses=problems(*AS_SUPERVISOR, Code.NOT_FOUND)
)
async def read_valuation(
    gate: NamedDependency[Gate], person: NamedDependency[SignedIn], item: NameInPath
) -> valuation.ValuationShown:
    """Show an item's layers of cost, and where another lot's layer paid for what was used."""
    return await gate.book.read(lambda book: valuation.valuation(book, person.site, item))


router = Router(
    "/",
    route_handlers=[
        list_holdings,
        read_bin_card,
        read_operation,
        read_serial,
        read_container,
        list_values,
        read_valuation,
    ],
    security=PERSON,
    tags=["stock"],
)
