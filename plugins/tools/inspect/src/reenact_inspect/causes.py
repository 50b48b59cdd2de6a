"""Where two runs first part, and why.

Up to there everything on record is the same in both: what was asked, and what came of it.
So if a step was asked for otherwise, nothing that a step returned can be the reason: it was
the run's own input, the order in which outcomes came, a policy, or the code. If it was
asked for in the same way, the reason is outside: a model, a tool, a person.
"""

from collections.abc import Sequence

from reenact_inspect.differences import Cause, First, RunDiff, StepDiff, ended_alike, verdicts
from reenact_inspect.journals import NEVER, Journal, Position

_OUTSIDE = {
    "llm": "the model answered otherwise to the same request",
    "tool": "the tool returned otherwise for the same arguments",
    "step": "the step returned otherwise for the same input",
    "signal": "the answer from outside was another",
    "timer": "the timer ended otherwise",
    "workflow": "the child run came to another end",
    "decision": "the decision was another",
}


def find_first(found: RunDiff, a: Journal, b: Journal) -> First | None:
    """Return where two runs first part; None if they do not."""
    changed = found.changed
    if changed:
        step = min(changed, key=_when)
        return First(step=step, cause=_cause(step, found, a, b))
    if found.output or not ended_alike(a, b):
        return First(step=None, cause=_cause_of_end(a, b))
    if found.input:
        words = "their input differs, and nothing else: no step and no result depends on it"
        return First(step=None, cause=Cause(kind="input", words=words, certain=True))
    return None


def _when(step: StepDiff) -> tuple[Position, str]:
    """Return when the runs part in a step.

    Up to the first difference both count the same, so there both sides of a step stand at the
    same position; behind it one side may have been shifted to the front, but never both.
    """
    sides = [one for one in (step.a, step.b) if one is not None]
    path = min(one.path for one in sides)
    asked = max(one.asked_at for one in sides)
    if step.asked_otherwise:
        return asked, path
    ends = [one.ended_at for one in sides if one.ended_at != NEVER]
    return (max(ends) if ends else asked), path


def _cause(step: StepDiff, found: RunDiff, a: Journal, b: Journal) -> Cause:
    if not step.asked_otherwise:
        return _cause_outside(step)
    stopped = _stopped_before(step, a, b)
    if stopped:
        return Cause(kind="unfinished", words=stopped, certain=True)
    if "policy" in step.aspects and step.how == "changed":
        return Cause(kind="policy", words="a policy changed the request, or decided, otherwise", certain=True)
    if found.input:
        return Cause(kind="input", words="the input of the run differs", certain=False)
    if _orders(step, a) != _orders(step, b):
        words = "the outcomes before it are the same and came in another order"
        return Cause(kind="order", words=words, certain=False)
    return Cause(kind="code", words=_code_words(found), certain=False)


def _judged_otherwise(step: StepDiff) -> bool:
    if step.how != "changed" or step.a is None or step.b is None:
        return False
    return verdicts(step.a, before=True) != verdicts(step.b, before=True)


def _code_words(found: RunDiff) -> str:
    then, now = found.a.version, found.b.version
    version = f" (version {then or 'none'} and version {now or 'none'})" if then != now else ""
    return f"everything before it is the same: the code or its configuration asks otherwise{version}"


def _cause_outside(step: StepDiff) -> Cause:
    a, b = step.a, step.b
    assert a is not None and b is not None  # noqa: S101, PT018  # asked for in both
    if NEVER in (a.ended_at, b.ended_at):
        which = "the first run" if a.ended_at == NEVER else "the second run"
        return Cause(kind="unfinished", words=f"it has not ended in {which}", certain=True)
    if "policy" in step.aspects:
        return Cause(kind="policy", words="a policy decided otherwise about it", certain=True)
    if "status" in step.aspects or "failure" in step.aspects:
        words = f"asked for in the same way, it ended otherwise: {a.status} and {b.status}"
        return Cause(kind="outcome", words=words, certain=True)
    if "model" in step.aspects:
        return Cause(kind="outcome", words=f"another model answered: {a.model}, then {b.model}", certain=True)
    return Cause(kind="outcome", words=_OUTSIDE.get(step.there.kind, "it came out otherwise"), certain=True)


def _cause_of_end(a: Journal, b: Journal) -> Cause:
    for which, journal in (("first", a), ("second", b)):
        if journal.ended is None:
            return Cause(kind="unfinished", words=f"the {which} run has not ended", certain=True)
    words = "every step is the same: the code made something else of what they returned"
    return Cause(kind="code", words=words, certain=False)


def _stopped_before(step: StepDiff, a: Journal, b: Journal) -> str:
    """Say in words that one run was over, or has not gone on, where the other asks for *step*."""
    for which, journal, here, there in (("first", a, step.a, step.b), ("second", b, step.b, step.a)):
        if here is not None or there is None or journal.status.value == "succeeded":
            continue
        if all(one.asked_at < there.asked_at for one in journal.steps if one.run_id == journal.record.id):
            return f"the {which} run did not come so far: it is {journal.status}"
    return ""


def _orders(step: StepDiff, journal: Journal) -> Sequence[tuple[str, str, str]]:
    """Return what had ended before *step* was asked for, in that order."""
    here = {id(one) for one in (step.a, step.b)}
    at = min((one.asked_at for one in (step.a, step.b) if one is not None), default=NEVER)
    ended = [
        one for one in journal.steps if id(one) not in here and one.ended_at != NEVER and one.ended_at < at
    ]
    return [one.content for one in sorted(ended, key=lambda one: one.ended_at)]
