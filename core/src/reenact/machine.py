"""What a step may become, and when.

::

    PENDING ─▶ RUNNING ─▶ SUCCEEDED
       │          ├─────▶ FAILED      (attempts used up, or not retryable)
       │          ├─────▶ CANCELLED
       │          ├─────▶ WAITING ─▶ RUNNING     (another attempt, after its delay)
       │          ├─────▶ RUNNING     (another attempt, at once)
       │          └─────▶ IN_DOUBT ─▶ RUNNING | SUCCEEDED | FAILED | CANCELLED
       │                     (and IN_DOUBT again, when a person has decided to retry)
       ├──────▶ WAITING ─▶ SUCCEEDED | FAILED | CANCELLED   (signal, timer: no effect, so no attempt)
       ├──────▶ DENIED   (a policy refused the call)
       ├──────▶ SUCCEEDED (a decision of the runtime: nothing to run)
       └──────▶ FAILED   (its input cannot be stored)

A pure function: a status and the next one in, the next one out or an error.
Nothing here waits, reads a clock or knows that stores exist. The table is the
specification. A run is a step too, and obeys the second table: it may be taken
up again after it failed, since a failure is often cured by new code.
"""

from reenact.records import Status

_S = Status

STEP: dict[Status, frozenset[Status]] = {
    _S.PENDING: frozenset({_S.RUNNING, _S.WAITING, _S.DENIED, _S.SUCCEEDED, _S.FAILED}),
    _S.RUNNING: frozenset(
        {_S.RUNNING, _S.WAITING, _S.IN_DOUBT, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED, _S.DENIED}
    ),
    _S.WAITING: frozenset({_S.RUNNING, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED}),
    _S.IN_DOUBT: frozenset({_S.RUNNING, _S.IN_DOUBT, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED}),
    _S.SUCCEEDED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.DENIED: frozenset(),
}

RUN: dict[Status, frozenset[Status]] = {
    **dict.fromkeys(Status, frozenset[Status]()),
    _S.PENDING: frozenset({_S.RUNNING}),
    _S.RUNNING: frozenset(
        {_S.RUNNING, _S.WAITING, _S.IN_DOUBT, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED, _S.DENIED}
    ),
    _S.WAITING: frozenset({_S.RUNNING, _S.CANCELLED}),
    _S.IN_DOUBT: frozenset({_S.RUNNING, _S.CANCELLED}),
    _S.FAILED: frozenset({_S.RUNNING}),
    _S.DENIED: frozenset({_S.RUNNING}),
}


class TransitionError(Exception):
    """A transition that the table does not have: a bug, or a damaged journal."""


def advance(status: Status, to: Status, table: dict[Status, frozenset[Status]] = STEP) -> Status:
    """Return *to*, if a step that is *status* may become it.

    Raises:
        TransitionError: If the table does not say so.
    """
    if to not in table[status]:
        raise TransitionError(f"a step that is {status} cannot become {to}")
    return to
