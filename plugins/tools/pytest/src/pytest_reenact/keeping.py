"""Keeping the journal of a test that failed: copied into a file that ``reenact`` can open."""

import asyncio
from pathlib import Path

import attrs
from reenact.config import Config
from reenact.content import references
from reenact.opening import options_of
from reenact.plugins import Plugins
from reenact.records import Row, RunRecord, decode_entry
from reenact.retrieval import load_blobs
from reenact.stores import RunFilter, RunWrite, Store

OWNER = "a test"
_LEASE_S = 60.0
_CONFIG = '# The journal of a test that failed.\n\n[journal]\npath = "journal.db"\n'


async def keep(store: Store, folder: Path) -> Path:
    """Copy all runs of *store* into ``journal.db`` in *folder*; return the configuration beside it.

    Raises:
        NotInstalledError: If reenact-sqlite is not installed.
    """
    offered = Plugins().find("store", "sqlite")
    options = options_of(offered, {"path": str(folder / "journal.db")}, "journal", Config())
    async with offered.offer.open(options) as kept:
        await copy(store, kept)
    config = folder / "reenact.toml"
    await asyncio.to_thread(config.write_text, _CONFIG, encoding="utf-8")
    return config


async def copy(source: Store, target: Store) -> None:
    """Put all runs of *source* into *target*, which has none of them."""
    await target.renew(OWNER, _LEASE_S)
    for run in reversed(await source.list(RunFilter(limit=1_000_000))):
        rows = [row async for batch in source.rows(run.id) for row in batch]
        blobs = await load_blobs(source, _named(rows), source.where)
        write = RunWrite(
            run_id=run.id,
            epoch=run.epoch,
            create=True,
            rows=rows,
            blobs=list(blobs.values()),
            run=_owned(run),
            release=True,
        )
        (result,) = await target.commit([write])
        if isinstance(result, Exception):
            raise result


def _owned(run: RunRecord) -> RunRecord:
    return attrs.evolve(run, owner=OWNER, until_ns=0)


def _named(rows: list[Row]) -> set[str]:
    entries = [decode_entry(row.body) for row in rows]
    return {
        name for entry in entries for raw in (entry.input, entry.output) for name in references(bytes(raw))
    }
