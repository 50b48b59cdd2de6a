"""What a step, and a run, may become."""

import pytest
from reenact.machine import RUN, STEP, TransitionError, advance
from reenact.records import ENDED, Status

S = Status
REPEATABLE_ENDS = {S.SUCCEEDED, S.FAILED, S.CANCELLED}

STEP_TABLE = {
    S.PENDING: {S.RUNNING, S.WAITING, S.DENIED, S.SUCCEEDED, S.FAILED},
    S.RUNNING: {S.RUNNING, S.WAITING, S.IN_DOUBT, S.DENIED} | REPEATABLE_ENDS,
    S.WAITING: {S.RUNNING} | REPEATABLE_ENDS,
    S.IN_DOUBT: {S.RUNNING, S.IN_DOUBT} | REPEATABLE_ENDS,
}
RUN_TABLE = {
    S.PENDING: {S.RUNNING},
    S.RUNNING: {S.RUNNING, S.WAITING, S.IN_DOUBT, S.DENIED} | REPEATABLE_ENDS,
    S.WAITING: {S.RUNNING, S.CANCELLED},
    S.IN_DOUBT: {S.RUNNING, S.CANCELLED},
    S.FAILED: {S.RUNNING},
    S.DENIED: {S.RUNNING},
}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("to", Status)
def test_a_step_does_what_the_table_says_and_nothing_else(status: Status, to: Status) -> None:
    """Every pair of statuses is allowed or is an error."""
    if to in STEP_TABLE.get(status, ()):
        assert advance(status, to, STEP) is to
    else:
        with pytest.raises(TransitionError, match=f"{status} cannot become {to}"):
            advance(status, to, STEP)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("to", Status)
def test_a_run_does_what_the_table_says_and_nothing_else(status: Status, to: Status) -> None:
    """A run that failed may be taken up again; one that succeeded or was cancelled may not."""
    if to in RUN_TABLE.get(status, ()):
        assert advance(status, to, RUN) is to
    else:
        with pytest.raises(TransitionError):
            advance(status, to, RUN)


def test_what_has_ended_stays_as_it_is() -> None:
    """No step leaves a status that counts as an end."""
    assert {status for status in Status if not STEP[status]} == ENDED
    assert all(status.ended == (status in ENDED) for status in Status)
