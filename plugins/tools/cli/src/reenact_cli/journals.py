"""Journals as the command shows them: a board from what is on record, and runs as JSON."""

from decimal import Decimal
from typing import Any

from reenact.records import RunRecord
from reenact.retrieval import read_history
from reenact.stores import RunFilter, Store
from reenact.trace import iso_time
from reenact.views import StepView

from reenact_cli.board import Board

CHILDREN_MAX = 10_000


async def fill(board: Board, store: Store, record: RunRecord) -> None:
    """Put what is on record of a run and its child runs on a board."""
    read = await read_history(store, record, keep_entries=True, outputs=False)
    board.take(record, read.entries)
    for child in await children(store, record):
        await fill(board, store, child)


async def children(store: Store, record: RunRecord) -> list[RunRecord]:
    """Return the runs that a run started, oldest first."""
    found = await store.list(RunFilter(parent=record.id, limit=CHILDREN_MAX))
    return list(reversed(found))


def run_json(record: RunRecord) -> dict[str, Any]:
    """Return a run as ``--json`` shows it; what is not known is null."""
    return {
        "id": record.id,
        "trace_id": record.trace_id,
        "workflow": record.workflow,
        "version": record.version,
        "target": record.target,
        "parent": record.parent,
        "status": record.status.value,
        "waits_for": record.waits_for,
        "created_at": iso_time(record.created_ns),
        "updated_at": iso_time(record.updated_ns),
        "steps": record.steps,
        "tokens_in": record.tokens_in,
        "tokens_out": record.tokens_out,
        "cost_usd": record.cost_usd or None,
        "owner": record.owner or None,
        "input_hash": record.input_hash,
    }


def step_json(step: StepView, *, content: bool) -> dict[str, Any]:
    """Return a step as ``--json`` shows it.

    Args:
        step: The step.
        content: With its input and output.
    """
    import msgspec

    made: dict[str, Any] = {
        "path": step.path,
        "kind": step.kind,
        "name": step.name,
        "status": step.status.value,
        "attempts": step.attempts,
        "generation": step.generation,
        "effect": step.effect,
        "site": step.site,
        "input_hash": step.input_hash,
        "started_at": iso_time(step.started_ns),
        "ended_at": iso_time(step.ended_ns) if step.ended_ns else None,
        "due_at": iso_time(step.due_ns) if step.due_ns else None,
        "model": step.model or None,
        "tokens_in": step.tokens_in,
        "tokens_out": step.tokens_out,
        "cost_usd": str(step.cost_usd) if isinstance(step.cost_usd, Decimal) else None,
        "note": step.note,
        "failure": msgspec.to_builtins(step.failure) if step.failure else None,
        "decisions": msgspec.to_builtins(step.decisions),
    }
    if content:
        made |= {"input": step.input, "output": step.output}
    return made
