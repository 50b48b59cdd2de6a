"""Reading a run's journal and its content out of a store, checked.

Nothing is handed on that is not what was written: rows are checked as a `History` takes
them, and content against the name it stands under.
"""

from collections.abc import AsyncIterator, Mapping, Sequence

import attrs

from reenact.content import Blob, blob_is_whole, blob_references, references
from reenact.errors import DamagedError, RunNotFoundError
from reenact.history import History
from reenact.records import (
    Entry,
    Row,
    RunRecord,
    origin_of,
)
from reenact.stores import Store


@attrs.frozen
class Read:
    """A journal and its entries.

    Attributes:
        history: What it says.
        entries: All of them, in order, if they were asked for.
    """

    history: History
    entries: Sequence[Entry]


async def journal(store: Store, run: RunRecord, start: int = 0) -> AsyncIterator[Sequence[Row]]:
    """Yield a run's rows from seq *start* on, in batches; of a fork, first those it shares.

    Raises:
        DamagedError: If the run that it was forked from is gone.
    """
    origin = origin_of(run)
    if origin is not None and origin.how == "fork" and start < origin.seq:
        shared = await store.load(origin.run_id)
        if shared is None:
            raise DamagedError(f"{store.where}, run {run.id}", f"run {origin.run_id}, its beginning, is gone")
        async for batch in journal(store, shared, start):
            mine = [row for row in batch if row.seq < origin.seq]
            if mine:
                yield mine
            if len(mine) < len(batch):
                break
    async for batch in store.rows(run.id, start):
        yield batch


async def read_history(
    store: Store, run: RunRecord | str, *, keep_entries: bool = False, outputs: bool = True
) -> Read:
    """Read and check the journal of a run.

    Args:
        store: Where it is.
        run: Which, or its id.
        keep_entries: Return the entries too.
        outputs: Load the content that outcomes name.

    Raises:
        DamagedError: If it is not what was written.
    """
    if isinstance(run, str):
        found = await store.load(run)
        if found is None:
            raise RunNotFoundError(run)
        run = found
    history = History()
    where = f"{store.where}, run {run.id}"
    entries: list[Entry] = []
    wanted: set[str] = set()
    async for batch in journal(store, run):
        for row in batch:
            entry = history.take(row, where)
            if outputs and entry.output:
                wanted.update(references(bytes(entry.output)))
            if keep_entries:
                entries.append(entry)
    if wanted:
        history.blobs.update(await load_blobs(store, wanted, where))
    return Read(history, entries)


async def load_blobs(store: Store, names: set[str], where: str) -> Mapping[str, Blob]:
    """Return the blobs named, and all that they refer to.

    Raises:
        DamagedError: If one is missing, or was changed.
    """
    found: dict[str, Blob] = {}
    while names:
        got = await store.blobs(names)
        for name in names:
            if name not in got:
                raise DamagedError(where, f"content {name[:12]} is missing")
            if not got[name].chain:
                check_content(got[name], {}, where)
        found.update(got)
        names = {ref for blob in got.values() for ref in _references(blob, where)} - found.keys()
    for blob in found.values():
        if blob.chain:  # its name is made of what its items refer to, which had to be found first
            check_content(blob, found, where)
    return found


def check_content(blob: Blob, parts: Mapping[str, Blob], where: str) -> None:
    """Refuse content whose bytes are not the ones its name stands for.

    Args:
        blob: It.
        parts: What its items refer to, if it is a link of a chain.
        where: What to call the journal in an error.

    Raises:
        DamagedError: If they are not.
    """
    try:
        whole = blob_is_whole(blob, parts.__getitem__)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedError(where, f"content {blob.hash[:12]} makes no sense: {error}") from error
    if not whole:
        raise DamagedError(where, f"content {blob.hash[:12]} was changed after it was written")


def _references(blob: Blob, where: str) -> list[str]:
    try:
        return blob_references(blob)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedError(where, f"content {blob.hash[:12]} makes no sense: {error}") from error
