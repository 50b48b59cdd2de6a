"""Removing runs: gone in one transaction, for everybody.

The number of a run that was removed stays in ``removed`` until its entries are deleted, which is
a sweep's business; no other run gets the number meanwhile.
"""

from collections.abc import Sequence

from reenact.errors import RunKeptError, RunNotFoundError, RunOwnedError
from reenact.pruning import links, prefix_of_children
from reenact.records import RunRecord
from reenact.stores import RunFilter

from reenact_sqlite.statements import Statements


def remove(statements: Statements, run_ids: Sequence[str]) -> None:
    """Remove runs, all or none; see `reenact.stores.Store.remove`."""
    with statements.transaction() as db:
        found = [_removable(statements, run_id) for run_id in dict.fromkeys(run_ids)]
        numbers = {number for number, _ in found}
        for _, run in found:
            _refuse_torn_family(statements, run, numbers)
            _refuse_shared(statements, run, {one.id for _, one in found})
        for number, run in found:
            db.execute("INSERT INTO removed (no) VALUES (?)", (number,))
            db.execute("DELETE FROM messages WHERE run_id = ?", (run.id,))
            db.execute("DELETE FROM runs WHERE no = ?", (number,))
            statements.forget_run(run.id)


def _removable(statements: Statements, run_id: str) -> tuple[int, RunRecord]:
    found = statements.find(run_id)
    if found is None:
        raise RunNotFoundError(run_id)
    number, run, lives = found
    if lives:
        raise RunOwnedError(run_id, run.owner, run.until_ns)
    if not run.status.ended:
        raise RunKeptError(run_id, f"it is {run.status}")
    return number, run


def _refuse_torn_family(statements: Statements, run: RunRecord, numbers: set[int]) -> None:
    """Refuse to remove a run without those that it started, or that started it."""
    for parent in run.parent.split("/") if run.parent else ():
        if statements.number(parent) not in {None, *numbers}:
            raise RunKeptError(run.id, f"run {parent}, which started it, is kept")
    line = prefix_of_children(run)
    for number, child in statements.db.execute(
        "SELECT no, id FROM runs WHERE parent <> '' AND (parent = ? OR (parent >= ? AND parent < ?))",
        (line, f"{line}/", f"{line}0"),  # "0" is what comes after "/"
    ):
        if number not in numbers:
            raise RunKeptError(run.id, f"run {child}, which it started, is kept")


def _refuse_shared(statements: Statements, run: RunRecord, named: set[str]) -> None:
    """Refuse to remove a run that one which stays came from and still needs."""
    for other in statements.list(RunFilter(origin=run.id, limit=1_000_000)):
        if other.id not in named and run.id in links(other).shared:
            raise RunKeptError(run.id, f"run {other.id} came from it")
