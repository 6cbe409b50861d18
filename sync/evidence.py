"""What stands behind a word: the session that made a decision, and who saw a consent given (E8)."""

from sync.case import SERVER, Case, Odd
from sync.entries import Finding
from sync.records import Result
from sync.rights import decides
from sync.state import State
from sync.vocabulary import Code


def is_proved(case: Case) -> bool:
    """Say whether a session of its actor, under the PIN of now, made exactly this intent."""
    if case.device == SERVER:
        return True
    person, proof = case.state.people.find(case.body.actor), case.proof
    if person is None or proof is None:
        return False
    return (proof.person, proof.stamp) == (person.person, person.pin_stamp)


def judge_consent(case: Case) -> None:
    """A consent is worth what the server knows of it: say so when it saw nothing (R48)."""
    consent = case.body.consent
    person = case.state.people.find(consent.actor) if consent else None
    if consent is None or person is None or not decides(person.role):
        return
    signed = case.state.proved.find((case.device, person.person))
    seen = signed is not None and signed.stamp == person.pin_stamp
    if consent.checked == "nobody" or not seen:
        detail: dict[str, object] = {"consent": person.person, "checked": consent.checked}
        case.flag(Code.CONSENT_UNPROVED, Odd(alone=True, detail=detail))


def tell(state: State, operation: str, finding: Finding) -> None:
    """Tell the devices what came of a decision that had waited for its proof, and why not."""
    why = (finding.reason,) if finding.reason else ()
    row = Result(operation=operation, outcome=finding.outcome.value, flags=why)
    state.results.put(operation, row)
