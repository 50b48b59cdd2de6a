"""A run on record, gone through again: replayed, planned, and what a re-run of it begins with.

Nothing here starts a run or writes.
"""

import asyncio
from collections.abc import Callable, Collection
from typing import Any, TypeAlias

import attrs

from reenact.away import OrderLeft
from reenact.children import DEPTH_MAX, child_id
from reenact.content import references, unpack
from reenact.differences import showing_inputs
from reenact.errors import DamagedError, DivergenceError, ReenactError
from reenact.execution import RunHost
from reenact.history import History
from reenact.inputs import check_arguments, restore_input
from reenact.planning import Plan, Planning
from reenact.records import Changes, Origin, RunRecord, Status, origin_of
from reenact.replay import Replay
from reenact.retrieval import load_blobs, read_history, read_to_replay, read_to_run
from reenact.reuse import Earlier
from reenact.services import Services
from reenact.steps import WorkflowSpec, idempotency_key
from reenact.stores import Store
from reenact.views import Run

Known: TypeAlias = Callable[[RunRecord], WorkflowSpec | None]
"""Returns the code of a run, if it is loaded."""


async def read_input(
    store: Store, history: History, spec: WorkflowSpec, changes: Changes
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments on record, with what was set in their place.

    Args:
        store: Where they are.
        history: The run's record.
        spec: The workflow, as it is now.
        changes: What was set.

    Raises:
        InputError: If they do not fit the workflow any more.
        UsageError: If it has no argument of a name that was set.
    """
    begun = history.begun
    if begun is None:
        raise ReenactError("the run has no beginning on record")
    blobs = await load_blobs(store, set(references(bytes(begun.input))), store.where)
    spelled = unpack(bytes(begun.input), blobs)
    check_arguments(spec, changes.input)
    spelled.update(changes.input)
    return restore_input(spec, spelled, "" if changes.input else begun.input_hash)


async def read_input_again(
    store: Store, source: RunRecord, spec: WorkflowSpec, changes: Changes
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a re-run of *source*, for which *changes* are set; see `read_input`."""
    history = (await read_history(store, source, outputs=False)).history
    return await read_input(store, history, spec, history.changes.then(changes))


async def read_earlier(
    store: Store, record: RunRecord, changes: Changes, taken: Collection[str] = ()
) -> Earlier | None:
    """Return the record of the run that *record* takes outcomes from; None if it takes none.

    Args:
        store: Where they are.
        record: The run.
        changes: What was set for it.
        taken: The outcomes that it has taken already.

    Raises:
        DamagedError: If that run is gone.
    """
    origin = origin_of(record)
    if origin is None or origin.how != "rerun":
        return None
    source = await store.load(origin.run_id)
    if source is None:
        raise DamagedError(store.where, f"run {origin.run_id}, which run {record.id} re-runs, is gone")
    history = (await read_history(store, source)).history
    return Earlier(source.id, source.key, history, taken=taken, allow_once=changes.allow_once)


async def replay(
    store: Store, services: Services, host: RunHost, record: RunRecord, spec: WorkflowSpec
) -> Run:
    """Run code over a record; see `Runtime.replay`."""
    history = await read_to_replay(store, record)
    as_it_goes = history.more
    services = attrs.evolve(services, writer=None)
    try:
        return await _replay(store, services, host, record, spec, history)
    except (OrderLeft, DivergenceError):
        if not as_it_goes:
            raise
    return await _replay(store, services, host, record, spec, await read_to_run(store, record))


async def _replay(
    store: Store, services: Services, host: RunHost, record: RunRecord, spec: WorkflowSpec, history: History
) -> Run:
    args, kwargs = await read_input(store, history, spec, history.changes)
    replaying = Replay(record, history, services, host=host)
    replaying.start(lambda: spec.fn(*args, **kwargs), spec)
    async with showing_inputs(store):
        ending = await asyncio.shield(replaying.finished)
    return attrs.evolve(ending.view, record=record)


class Planner:
    """Plans re-runs, those of child runs with them.

    Args:
        store: Where runs are.
        services: What runs share.
        host: Knows the models that would be asked.
        known: Returns the code of a child run; None if it is not loaded.
    """

    def __init__(self, store: Store, services: Services, host: RunHost, known: Known) -> None:
        self._store = store
        self._services = attrs.evolve(services, writer=None)
        self._host = host
        self._known = known

    async def plan(self, source: RunRecord, spec: WorkflowSpec, changes: Changes, depth: int = 0) -> Plan:
        """Find out what a re-run of *source* would do; see `Runtime.plan`.

        Args:
            source: The run.
            spec: Its code.
            changes: What would be set for the re-run.
            depth: How deep in child runs this is.
        """
        history = (await read_history(self._store, source)).history
        args, kwargs = await read_input(self._store, history, spec, history.changes.then(changes))
        planning = Planning(
            attrs.evolve(source, origin=str(Origin("rerun", source.id)), status=Status.RUNNING),
            History(),
            self._services,
            host=self._host,
            earlier=Earlier(source.id, source.key, history, allow_once=changes.allow_once),
            children=await self._plan_children(source, history, changes, depth),
        )
        planning.start(lambda: spec.fn(*args, **kwargs), spec)
        await planning.finished
        return Plan(run_id=source.id, steps=planning.planned, complete=planning.complete)

    async def _plan_children(
        self, source: RunRecord, history: History, changes: Changes, depth: int
    ) -> dict[str, Plan]:
        """Return the plans of child runs whose code is known, by the paths of their steps."""
        inner = Changes(allow_once=changes.allow_once)
        plans = {}
        for path, child in await self._children_of(source, history):
            code = self._known(child)
            if code is not None and depth < DEPTH_MAX:
                plans[path] = await self.plan(child, code, inner, depth + 1)
        return plans

    async def _children_of(self, run: RunRecord, history: History) -> list[tuple[str, RunRecord]]:
        """Return the child runs of a run, with the paths of their steps."""
        found = []
        for path, recorded in history.steps.items():
            if recorded.intent.kind == "workflow":
                key = idempotency_key(run.id, path, recorded.intent.generation)
                child = await self._store.load(child_id(key))
                found += [(path, child)] if child is not None else []
        return found
