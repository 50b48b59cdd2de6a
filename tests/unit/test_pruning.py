"""Which runs may go."""

from typing import Any

import pytest
from reenact.pruning import Choice, Links, links, plan
from reenact.records import RunRecord, Status

ALL = Choice(ended_before_ns=100)


def run(run_id: str, status: Status = Status.SUCCEEDED, **fields: Any) -> RunRecord:
    given = {"trace_id": "0" * 32, "workflow": "flow", "created_ns": 1, "updated_ns": 50}
    return RunRecord(id=run_id, status=status, **{**given, **fields})


def forked(run_id: str, status: Status = Status.SUCCEEDED, origin: str = "fork:parent:7") -> RunRecord:
    return run(run_id, status, origin=origin, created_ns=2)


def names(records: list[RunRecord], choice: Choice = ALL) -> tuple[list[list[str]], dict[str, str]]:
    going, kept = plan(records, choice)
    return [sorted(one.id for one in family) for family in going], {k.record.id: k.reason for k in kept}


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.DENIED])
def test_what_ended_long_ago_goes(status: Status) -> None:
    """However it ended; what ended later stays, and is not even mentioned."""
    assert names([run("old", status), run("young", status, updated_ns=100)]) == ([["old"]], {})


@pytest.mark.parametrize("status", [Status.RUNNING, Status.WAITING, Status.IN_DOUBT])
def test_what_has_not_ended_stays(status: Status) -> None:
    """However old it is, with all of its family."""
    alone = names([run("open", status)])
    parent = names([run("a", status), run("b", parent="a")])
    child = names([run("a", Status.FAILED), run("b", parent="a"), run("c", status, parent="a/b")])

    assert alone == ([], {})
    assert parent == ([], {"a": f"run a of its family is {status}", "b": f"run a of its family is {status}"})
    assert child[0] == []
    assert set(child[1]) == {"a", "b", "c"}


def test_a_family_goes_when_all_of_it_is_old() -> None:
    """One that ended late keeps the others; they go together."""
    old = [run("a"), run("b", parent="a"), run("c", parent="a/b"), run("d")]
    late = [*old[:2], run("c", parent="a/b", updated_ns=100), run("d")]

    assert sorted(names(old)[0]) == [["a", "b", "c"], ["d"]]
    assert names(late) == ([["d"]], {})


def test_only_what_is_asked_for() -> None:
    """By the workflow of the first of a family, or by name; a name that cannot go comes with the reason."""
    records = [run("a", workflow="x"), run("b", parent="a", workflow="y"), run("c", workflow="y"), run("d")]
    waiting = [*records, run("w", Status.WAITING)]

    assert names(records, Choice(ended_before_ns=100, workflow="y")) == ([["c"]], {})
    assert names(records, Choice(ended_before_ns=100, run_ids=["b", "d"]))[0] == [["a", "b"], ["d"]]
    assert names(waiting, Choice(ended_before_ns=100, run_ids=["w"])) == ([], {"w": "it is waiting"})


def test_what_shares_rows_is_followed() -> None:
    """A run stays as long as one that shares its rows, and goes after it."""
    parent = run("parent")

    assert names([parent, forked("fork", Status.RUNNING)]) == ([], {"parent": "run fork came from it"})
    assert names([parent, forked("fork")])[0] == [["fork"], ["parent"]]
    assert names([parent, run("other"), forked("fork")], Choice(ended_before_ns=100, run_ids=["parent"])) == (
        [],
        {"parent": "run fork came from it"},
    )


def test_links_are_read_from_the_record() -> None:
    """Parents from the line of parents, the run that shares its rows from the origin of a fork."""
    assert links(run("c", parent="a/b")) == Links(("a", "b"))
    assert links(forked("f")) == Links((), frozenset({"parent"}))
    assert links(run("x")) == Links()
    assert links(forked("f", origin="fork:a:b:7")).shared == {"a:b"}
    assert links(forked("f", origin="continued:parent")) == Links()


@pytest.mark.parametrize(
    ("status", "needs"),
    [(Status.RUNNING, True), (Status.FAILED, True), (Status.SUCCEEDED, False), (Status.CANCELLED, False)],
)
def test_a_rerun_needs_the_other_run_while_it_may_go_on(status: Status, needs: bool) -> None:
    """What it has taken stands in its own journal, and it takes more only while it can be resumed."""
    assert links(forked("r", status, "rerun:parent")).shared == ({"parent"} if needs else set())
