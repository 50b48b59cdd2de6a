"""What the board says of a step, from the entries of a run."""

import pytest
from reenact.records import Entry, RunRecord, Status
from reenact_cli.board import Board
from reenact_cli.tree import remark


@pytest.mark.parametrize(("input_hash", "said"), [("a" * 64, False), ("b" * 64, True)])
def test_a_step_that_begins_anew_says_whether_its_input_changed(input_hash: str, said: bool) -> None:
    """A step that was cancelled beside one that failed, and is run by a resume, has the input it had."""
    board = Board()
    run = RunRecord(id="r", trace_id="t", workflow="w")

    board.take(run, [entry(0, Status.RUNNING, "a" * 64), entry(1, Status.CANCELLED)])
    (line,) = board.take(run, [entry(2, Status.RUNNING, input_hash, generation=1)])

    assert ("input changed" in remark(line)) is said


def entry(seq: int, status: Status, input_hash: str = "", generation: int = 0) -> Entry:
    kind = "step" if input_hash else ""
    return Entry(
        seq=seq, path="a#0", status=status, input_hash=input_hash, kind=kind, generation=generation, at_ns=seq
    )
