"""From a file into a store: whole, or not at all.

All runs of a file go in as one commit. A run that is there already must be the one in the
file; then nothing is written for it. Under a new id a run is a copy: the ids of its child
runs follow from its own, as they would had it started them, and so do idempotency keys.
"""

import re
from collections.abc import Mapping, Sequence

import attrs
from reenact.children import child_id
from reenact.errors import RunConflictError, StoreError, UsageError
from reenact.ledger import LedgerFull
from reenact.pruning import prefix_of_children
from reenact.records import RunRecord, decode_entry
from reenact.steps import idempotency_key
from reenact.stores import RunWrite, Store

from reenact_portable.model import PortableRun, RunFile

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}", re.ASCII)
_SAME = ("trace_id", "workflow", "version", "target", "key", "parent", "input_hash", "created_ns")


async def import_run(store: Store, file: RunFile, *, run_id: str | None = None) -> RunRecord:
    """Put the runs of a file into a store, and return the one it is about as it is there now.

    It belongs to nobody then: an ended run can be looked at and replayed, another one resumed, and
    `recover` takes it up as well. So import runs of those whose inputs you would run.

    Args:
        store: Any store.
        file: What `read_file` returned.
        run_id: Call the run this, and its child runs accordingly, instead of what the file calls it.

    Raises:
        RunConflictError: If a run of one of the ids is there, and is not the one in the file, or has
            fewer rows than the file.
        UsageError: If the file is redacted, or *run_id* is no id.
        StoreError: If it could not be written.
    """
    if file.redacted:
        raise UsageError("the file is redacted: it can be verified and looked at, and not be run or replayed")
    runs = _renamed(file, run_id) if run_id is not None else list(file.runs)
    main = runs[len(file.linked)].record.id
    missing = [run for run in runs if not await _is_there(store, run)]
    writes = _writes(missing, file)
    for result in await store.commit(writes) if writes else ():
        if isinstance(result, Exception):
            raise result
        if isinstance(result, LedgerFull):
            raise StoreError(store.where, f"account {result.holding.account} is full")
    made = await store.load(main)
    if made is None:
        raise StoreError(store.where, f"run {main!r} was removed while it was imported")
    return made


def _writes(runs: Sequence[PortableRun], file: RunFile) -> list[RunWrite]:
    """Return one write for each run; the first carries the content of all."""
    return [
        RunWrite(
            run_id=run.record.id,
            epoch=run.record.epoch,
            create=True,
            rows=run.rows,
            blobs=list(file.blobs.values()) if number == 0 else (),
            run=run.record,
        )
        for number, run in enumerate(runs)
    ]


async def _is_there(store: Store, run: PortableRun) -> bool:
    """Say whether a run is in the store; refuse another one of its id."""
    record = await store.load(run.record.id)
    if record is None:
        return False
    for name in _SAME:
        if getattr(record, name) != getattr(run.record, name):
            raise RunConflictError(record.id, name)
    count = 0
    async for batch in store.rows(record.id):
        for row, told in zip(batch, run.rows[count : count + len(batch)], strict=False):
            if row != told:
                raise RunConflictError(record.id, f"row {row.seq}")
        count += len(batch)
    if count < len(run.rows):
        raise RunConflictError(record.id, f"end: it has {count} of the {len(run.rows)} rows in the file")
    return True


# --- another id -----------------------------------------------------------------------------------


def _renamed(file: RunFile, run_id: str) -> list[PortableRun]:
    if not _RUN_ID.fullmatch(run_id):
        raise UsageError(f"{run_id!r} is no run id: letters, digits and . _ : - only, 128 at most")
    main = attrs.evolve(file.run.record, id=run_id)
    lines = {prefix_of_children(file.run.record): prefix_of_children(main)}
    made = [attrs.evolve(file.run, record=main)]
    ids = {file.run.record.id: (run_id, file.run)}
    for child in file.children:
        record = child.record
        parent_id = record.parent.rpartition("/")[2]
        new_parent, parent = ids[parent_id]
        new_id = _child_ids(parent, new_parent).get(record.id, f"{record.id}-{run_id}"[:128])
        renamed = attrs.evolve(record, id=new_id, parent=lines[record.parent])
        lines[prefix_of_children(record)] = prefix_of_children(renamed)
        ids[record.id] = (new_id, child)
        made.append(attrs.evolve(child, record=renamed))
    return [*file.linked, *made]


def _child_ids(parent: PortableRun, new_parent: str) -> Mapping[str, str]:
    """Return for each child run that a run's steps name its id, and the one under another parent's id."""
    found = {}
    for row in parent.rows:
        entry = decode_entry(row.body)
        if entry.kind == "workflow" and entry.path:
            old = child_id(idempotency_key(parent.record.id, entry.path, entry.generation))
            found[old] = child_id(idempotency_key(new_parent, entry.path, entry.generation))
    return found
