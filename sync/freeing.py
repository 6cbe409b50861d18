"""What waited for an operation is done when that has come: a reverse that was here first (R40)."""

from sync import counts, reversal
from sync.case import Case, Odd, close, later_result
from sync.dating import Dated
from sync.operations import Did, Reverse, decode_body, decode_did, decode_envelope
from sync.state import Logged
from sync.vocabulary import Code, Outcome


def set_free(case: Case, waiting: Logged) -> None:
    """Do a reverse that came before its target, now that the target is here."""
    envelope = decode_envelope(waiting.payload)
    body = decode_body(bytes(envelope.body))
    did: Did = decode_did(bytes(body.did))
    dated = Dated(waiting.at, waiting.u, "low")
    freed = Case(case.state, envelope.link, body, did, device=case.device, dated=dated)
    _log_target(case)
    outcome = Outcome.POSTED
    if isinstance(did, Reverse):
        try:
            counts.explain(freed, reversal.reverse(freed, did))
        except reversal.NotReversibleError as error:
            freed.flag(Code.NOT_UNDERSTOOD, Odd(detail={"error": str(error)}))
            outcome = Outcome.PARKED
    for row in list(case.state.discrepancies.all()):
        if row.operation == waiting.id and row.state == "open" and row.waits == case.body.id:
            close(case.state, row, case.body.id)
    later_result(case.state, waiting.id, outcome.value)


def _log_target(case: Case) -> None:
    """Let a waiting reverse find the operation at hand, which is not in the log yet."""
    document, line = case.paper
    target = Logged(
        id=case.body.id, seq=case.state.seq, verb=case.verb, actor=case.body.actor,
        replica=case.link.replica, rseq=case.link.seq, at=case.at, u=case.dated.u,
        trust=case.dated.trust, outcome="posted", content_hash="", payload_hash="", payload=b"",
        verdict=b"", document=document, line=line,
    )  # fmt: skip
    case.state.operations.put(target.id, target)
