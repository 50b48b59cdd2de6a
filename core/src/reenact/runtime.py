"""The runtime: every verb on runs, over one store.

.. code-block:: python

    async with Runtime.open() as runtime:
        run = await runtime.run(handle, "T-1")
        print(run.output)
"""

import asyncio
import contextlib
import functools
import logging
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from reenact import __version__
from reenact.book import Hold, Services
from reenact.children import Children
from reenact.codec import plain
from reenact.config import Config, OnChange, load
from reenact.desk import Desk
from reenact.errors import (
    StoreError,
    UsageError,
    did_you_mean,
)
from reenact.execution import Execution
from reenact.forking import fork
from reenact.house import House
from reenact.journal import Observer, Outlet, Writer
from reenact.ledger import Holding, Later, LedgerFull
from reenact.loop import RunLoop, WatchedLoop
from reenact.models import Models, PriceHook
from reenact.opening import (
    Providers,
    open_chain,
    open_executor,
    open_exporters,
    open_store,
    open_watches,
)
from reenact.planning import Plan, priced
from reenact.plugins import Plugins
from reenact.policy import OwnPolicy
from reenact.records import Changes, Entry, RunRecord, Status
from reenact.reuse import recall
from reenact.runs import Runs, Started, check_arguments, check_run_id
from reenact.scheduler import Clock, Limits, Sleeper, SteadyClock, WallClock, boot_id, since_boot_ns
from reenact.seams import Executor, Provider, Watch
from reenact.steps import Retry, StepContext, WorkflowSpec
from reenact.stores import CommitResult, RunFilter, RunWrite, Store
from reenact.views import Run
from reenact.workflows import WORKFLOWS, Workflow

log = logging.getLogger("reenact")

P = ParamSpec("P")
T = TypeVar("T")

RECOVER_AT_ONCE = 100


class Runtime(Desk):
    """Runs workflows, over one store. Made by `Runtime.open`.

    Attributes:
        config: What it was opened with.
        models: What can be asked, and how.
        plugins: What is installed.
        owner: How this process is called in leases.
        watches: Who looks on while workflow code runs.
    """

    def __init__(
        self,
        *,
        config: Config,
        store: Store,
        plugins: Plugins,
        models: Models,
        writer: Writer,
        clock: Clock,
        steady: Clock | None = None,
        draw: Callable[[int], str] = secrets.token_hex,
        watches: Sequence[Watch] = (),
        executor: Executor | None = None,
        hold: Hold | None = None,
    ) -> None:
        super().__init__(store, clock)
        self.config = config
        self.plugins = plugins
        self.models = models
        self.watches = tuple(watches)
        self.owner = f"pid {os.getpid()} on {socket.gethostname()} ({secrets.token_hex(4)})"
        self._observers: list[Observer] = []
        self._draw = draw
        self._workflows: dict[str, WorkflowSpec] = {}
        options = config.runtime
        services = Services(
            writer=writer,
            clock=clock,
            steady=steady,
            limits=Limits(options.steps_max or None, options.pools),
            tell=self._tell,
            interruptions_max=options.interruptions_max,
            cache=options.cache,
            recall=functools.partial(recall, store),
            draw=draw,
            loop=functools.partial(WatchedLoop, watches=self.watches) if watches else RunLoop,  # type: ignore[abstract]  # as RunLoop
            made_by=_made_by(config, plugins),
            hold=hold,
        )
        self._runs = Runs(
            desk=Desk(store, clock),
            writer=writer,
            services=services,
            options=options,
            owner=self.owner,
            host=self,
            executor=executor,
        )
        self._house = House(store, self.owner, options, self._runs.active)
        self._children = Children(
            self._runs.start_child, self.cancel, lambda: self._runs.stopping, store.load
        )

    # --- opening

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        config: Config | Path | None = None,
        *,
        store: Store | None = None,
        providers: Mapping[str, Provider] | None = None,
        policies: Sequence[OwnPolicy] = (),
        executor: Executor | None = None,
        plugins: Plugins | None = None,
        clock: Clock | None = None,
        price: PriceHook | None = None,
        draw: Callable[[int], str] = secrets.token_hex,
        watches: Sequence[Watch] = (),
        hold: Hold | None = None,
    ) -> AsyncIterator["Runtime"]:
        """Open a runtime; leaving it stops its runs, which stay resumable.

        Args:
            config: The configuration, or its file; the nearest ``reenact.toml`` if None.
            store: An open store, instead of the configured one.
            providers: Open providers by name, before the configured ones.
            policies: Policies after the configured ones.
            executor: An open executor, instead of the configured one.
            plugins: What is installed, if not what is installed.
            clock: The time, for tests.
            price: What calls cost, before ``[prices]`` and what providers know.
            draw: Returns so many random bytes in hex, for ids and keys of runs; for tests.
            watches: Who looks on while workflow code runs, after the configured ones.
            hold: Decides when runs hear of the ends of steps; for tests.

        Raises:
            ConfigError: If the configuration is wrong.
            NotInstalledError: If it names something that no plugin offers.
            StoreError: If the store cannot be opened.
        """
        chosen = config if isinstance(config, Config) else load(config)
        found = plugins or Plugins(disabled=chosen.plugins.disabled)
        async with AsyncExitStack() as stack:
            opened = store or await open_store(chosen, found, stack)
            chain = await open_chain(chosen, found, stack, policies)
            named = Providers(chosen, found, stack, providers or {})
            outlets = [
                await stack.enter_async_context(Outlet(name, exporter))
                for name, exporter in (await open_exporters(chosen, found, stack)).items()
            ]
            looking_on = (await open_watches(chosen, found, stack)).values()
            writer = await stack.enter_async_context(Writer(opened))
            options = chosen.runtime
            time_source = clock or WallClock()
            steady = clock or await _steady_clock(opened)
            models = Models(
                aliases=chosen.models,
                provider=named.get,
                chain=chain,
                hold=_holder(writer),
                held=lambda account: opened.held(account, steady.now_ns()),
                clock=Sleeper(steady),
                retry=Retry(attempts=options.llm_attempts),
                timeout_s=options.llm_timeout_s,
                prices=chosen.prices,
                now_ns=time_source.now_ns,
                **({"price": price} if price else {}),
            )
            runtime = cls(
                config=chosen,
                store=opened,
                plugins=found,
                models=models,
                writer=writer,
                clock=time_source,
                executor=executor or await open_executor(chosen, found, stack),
                steady=steady,
                draw=draw,
                watches=(*looking_on, *watches),
                hold=hold,
            )
            runtime._observers.extend(outlets)
            await opened.renew(runtime.owner, options.lease_s)
            stack.push_async_callback(runtime.stop)
            stack.push_async_callback(
                _end_task, asyncio.create_task(runtime._house.keep(), name="reenact-house")
            )
            yield runtime

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Have *observer* told at once of what becomes durable; return what ends that."""
        self._observers.append(observer)
        return lambda: self._dismiss(observer)

    def _dismiss(self, observer: Observer) -> None:
        with contextlib.suppress(ValueError):  # it is gone already
            self._observers.remove(observer)

    def _tell(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        self._children.told(run)
        for observer in tuple(self._observers):
            try:
                observer(run, entries)
            except Exception:
                log.exception("an observer failed and is told nothing more")
                self._dismiss(observer)

    @property
    def under_way(self) -> int:
        """How much goes on in this process by itself, for clocks that skip what nobody needs.

        Counted are steps that are being performed, turns and writes of runs that are due, and
        messages that no run has been told of; not counted is what waits for time or for somebody.
        """
        runs = sum(execution.under_way for execution in self._runs.active.values())
        return runs - self._children.followed + self._house.hearing

    # --- run

    async def run(
        self,
        workflow: Callable[P, Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Run:
        """Run *workflow* until it has ended, or waits for somebody and does nothing else.

        A run that waits is given back: answer it, then resume it. `start` has more options.

        Returns:
            The run; ``run.output`` is what the workflow returned, or raises what it raised.

        Raises:
            InputError: If the arguments do not fit.
        """
        execution = await self._runs.start(self._met(workflow), args, kwargs, suspend=True)
        return await self._runs.wait(execution)

    async def start(
        self,
        workflow: Callable[P, Awaitable[T]],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        run_id: str | None = None,
        trace_id: str | None = None,
        target: str = "",
        suspend: bool = False,
    ) -> "Handle":
        """Start a run and return at once.

        Args:
            workflow: What to run.
            args: Its positional arguments.
            kwargs: Its named arguments.
            run_id: The run's id. One that exists with the same workflow and input is that run;
                with others it is an error.
            trace_id: The trace it belongs to, 32 hex digits; a new one if None.
            target: Where the command line found the workflow.
            suspend: Give the run back when it waits for somebody, instead of waiting here.

        Raises:
            InputError: If the arguments do not fit.
            RunConflictError: If *run_id* is taken by another run.
        """
        execution = await self._runs.start(
            self._met(workflow),
            args,
            kwargs or {},
            run_id=run_id,
            trace_id=trace_id,
            target=target,
            suspend=suspend,
        )
        return Handle(self._runs, execution)

    # --- resume, replay

    async def resume(
        self,
        run_id: str,
        workflow: Callable[..., Any] | None = None,
        *,
        on_changed_input: OnChange | None = None,
        suspend: bool = True,
    ) -> Run:
        """Carry on where a run stopped.

        Steps on record are not run again. One that was started and has no outcome is run
        again if it is repeatable, and waits for a decision if it is not. A run that failed
        is taken up at the step that failed it.

        Args:
            run_id: The run, or a prefix that only it has, or ``last``.
            workflow: Its code; found by the workflow's name if None.
            on_changed_input: What to do about a step whose input is not the one on record; the
                configured choice if None.
            suspend: Give the run back when it waits for somebody, instead of waiting here.

        Raises:
            RunNotFoundError: If no run has that id.
            RunOwnedError: If another live process has it; says which, until when.
            RunEndedError: If it was cancelled.
            DivergenceError: If the code asks for other steps than the record has.
            ChangedInputError: If *on_changed_input* is ``"fail"`` and one changed.
        """
        record = await self.find(run_id)
        active = self._runs.active.get(record.id)
        if active is not None:
            return await self._runs.wait(active)
        return await self._runs.wait(
            await self._runs.take_up(
                record, self._code_of(record, workflow), on_changed_input, suspend=suspend
            )
        )

    async def replay(self, run_id: str, workflow: Callable[..., Any] | None = None) -> Run:
        """Run a workflow's code over its record: nothing is called, nothing is written.

        Args:
            run_id: The run, or a prefix that only it has, or ``last``.
            workflow: Its code; found by the workflow's name if None.

        Returns:
            The run; if it has not ended, as far as the record goes.

        Raises:
            DivergenceError: If the code asks for anything else than the record has.
        """
        record = await self.find(run_id)
        return await self._runs.replay(record, self._code_of(record, workflow))

    # --- fork, rerun

    async def fork(
        self,
        run_id: str,
        at: str,
        workflow: Callable[..., Any] | None = None,
        *,
        model: str = "",
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] | None = None,
        as_id: str | None = None,
        suspend: bool = True,
    ) -> Run:
        """Run on from a step of a run, as another run; what lies before is shared and not repeated.

        Args:
            run_id: The run, or a prefix that only it has, or ``last``.
            at: Path of the step from which the new run is live.
            workflow: Its code; found by the workflow's name if None.
            model: Asked from there on, in place of whatever model the code names.
            inputs: Arguments in place of those on record. They may change nothing before *at*.
            outputs: Outcomes, plain, that steps from *at* on are given instead of being run, by path;
                text stands for a model's whole answer.
            as_id: The new run's id; made up if None.
            suspend: Give the run back when it waits for somebody, instead of waiting here.

        Returns:
            The new run.

        Raises:
            RunNotFoundError: If no run has that id.
            UsageError: If it has no such step.
            ForkedBehindError: If *inputs* change a step before *at*.
        """
        source = await self.find(run_id)
        spec = self._code_of(source, workflow)
        changes = Changes(
            model=model, input=_plain_fields(inputs, "input"), outputs=_plain_fields(outputs, "outputs")
        )
        check_arguments(spec, changes.input)
        check_run_id(as_id)
        record = await fork(
            self.store, self.clock, source, at, changes=changes, run_id=as_id, draw=self._draw
        )
        return await self._runs.wait(await self._runs.take_up(record, spec, None, suspend=suspend))

    async def rerun(
        self,
        run_id: str,
        workflow: Callable[..., Any] | None = None,
        *,
        inputs: Mapping[str, Any] | None = None,
        allow_once: bool = False,
        as_id: str | None = None,
        target: str = "",
        suspend: bool = True,
    ) -> Run:
        """Run today's code and configuration over an old run, as another run.

        What has the same content as a step that succeeded there takes its outcome, wherever it
        stands; only what has not is run. Child runs are re-run likewise.

        Args:
            run_id: The run, or a prefix that only it has, or ``last``.
            workflow: Its code; found by the workflow's name if None.
            inputs: Arguments in place of those on record.
            allow_once: Take also the outcomes of steps that must not happen twice; without, the new
                run is in doubt about each of them, for a person to resolve.
            as_id: The new run's id; made up if None.
            target: Where the command line found the workflow.
            suspend: Give the run back when it waits for somebody, instead of waiting here.

        Returns:
            The new run.

        Raises:
            RunNotFoundError: If no run has that id.
            InputError: If the arguments do not fit the code any more.
        """
        source = await self.find(run_id)
        spec = self._code_of(source, workflow)
        changes = Changes(input=_plain_fields(inputs, "input"), allow_once=allow_once)
        check_arguments(spec, changes.input)
        started = await self._runs.rerun(
            source, spec, changes=changes, run_id=as_id, target=target, suspend=suspend
        )
        return await self._runs.wait(started)

    async def plan(
        self,
        run_id: str,
        workflow: Callable[..., Any] | None = None,
        *,
        inputs: Mapping[str, Any] | None = None,
        allow_once: bool = False,
    ) -> Plan:
        """Find out what `rerun` would take and what it would run, without calling anything.

        Args:
            run_id: The run, or a prefix that only it has, or ``last``.
            workflow: Its code; found by the workflow's name if None.
            inputs: Arguments in place of those on record.
            allow_once: As for `rerun`.

        Raises:
            RunNotFoundError: If no run has that id.
            InputError: If the arguments do not fit the code any more.
        """
        source = await self.find(run_id)
        spec = self._code_of(source, workflow)
        changes = Changes(input=_plain_fields(inputs, "input"), allow_once=allow_once)
        check_arguments(spec, changes.input)
        plan = await self._runs.plan(source, spec, changes=changes, known=self._loaded)
        return await priced(plan, self.models)

    async def recover(self, workflows: Sequence[Callable[..., Any]] = ()) -> list[Run | BaseException]:
        """Resume every run whose owner is gone; return how each went on.

        Args:
            workflows: Code beside the workflows that are defined in this process.

        Returns:
            For each run: the run as it ended or waits, or the error that kept it from going on.
        """
        known = {
            spec.name: spec for spec in (*(w.spec for w in WORKFLOWS.values()), *map(_spec_of, workflows))
        }
        found = await self.store.list(
            RunFilter(status=(Status.RUNNING, Status.WAITING), ownerless=True, limit=1_000_000, roots=True)
        )
        places = asyncio.Semaphore(RECOVER_AT_ONCE)

        async def one(record: RunRecord) -> Run | BaseException:
            async with places:
                try:
                    spec = known.get(record.workflow) or self._code_of(record, None)
                    return await self._runs.wait(
                        await self._runs.take_up(record, spec, None, suspend=True, recovering=True)
                    )
                except Exception as error:
                    log.warning("run %s could not be recovered: %s", record.id, error)
                    return error

        return list(await asyncio.gather(*(one(record) for record in found)))

    async def continue_run(
        self, ended: Execution, spec: WorkflowSpec, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Started:
        """Start the run in which *ended* goes on."""
        return await self._runs.continue_run(ended, spec, args, kwargs)

    async def run_child(
        self, parent: Execution, spec: WorkflowSpec, arguments: Mapping[str, Any], step: StepContext
    ) -> Any:
        """Run a workflow as a step of another run."""
        self._workflows[spec.name] = spec
        return await self._children.run(parent, spec, arguments, step)

    # --- code

    def _met(self, workflow: Callable[..., Any]) -> WorkflowSpec:
        """Return how a workflow is declared, and know it by its name from now on."""
        spec = _spec_of(workflow)
        self._workflows[spec.name] = spec
        return spec

    def _loaded(self, record: RunRecord) -> WorkflowSpec | None:
        """Return the code of a run: what this runtime has run under its name, or what is defined under it."""
        found = WORKFLOWS.get(record.workflow)
        return self._workflows.get(record.workflow) or (found.spec if found is not None else None)

    def _code_of(self, record: RunRecord, workflow: Callable[..., Any] | None) -> WorkflowSpec:
        if workflow is not None:
            return self._met(workflow)
        found = self._loaded(record)
        if found is None:
            hint = did_you_mean(record.workflow, list(WORKFLOWS))
            raise UsageError(
                f"the code of workflow {record.workflow!r} (run {record.id}) is not loaded{hint}; "
                f"import the module that defines it, or pass the workflow"
            )
        return found

    # --- telling

    async def cancel(self, run_id: str, reason: str = "") -> RunRecord:
        """Ask a run to end; see `Desk.cancel`. One in this process is told at once."""
        record = await super().cancel(run_id, reason)
        self._house.poke()
        return record

    async def _post(self, record: RunRecord, name: str, value: Any) -> None:
        await super()._post(record, name, value)
        self._house.poke()

    # --- stopping

    async def stop(self) -> None:
        """Let steps in flight end within the grace time, and give all runs back, resumable."""
        await self._runs.stop()

    def kill(self) -> None:
        """Let go of all runs at once and put nothing more on record, as a killed process would; for tests."""
        for execution in self._runs.active.copy().values():
            execution.abort(StoreError(self.store.where, "the process was killed"))


class Handle:
    """A run that was started.

    Attributes:
        id: The run's id.
        trace_id: Its trace.
    """

    def __init__(self, runs: Runs, started: Started) -> None:
        self._runs = runs
        self._started = started
        record = _record_of(started)
        self.id = record.id
        self.trace_id = record.trace_id

    @property
    def status(self) -> Status:
        """What the run has become so far."""
        return _record_of(self._started).status

    async def wait(self) -> Run:
        """Wait until the run has ended, or was given back because it waits for somebody."""
        return await self._runs.wait(self._started)


def _made_by(config: Config, plugins: Plugins) -> Mapping[str, str]:
    """Return the distributions that take part in runs, as far as the configuration tells."""
    named = {model.partition(":")[0] for models in config.models.values() for model in models}
    return dict(sorted({"reenact-core": __version__, **plugins.versions(named)}.items()))


def _record_of(started: Started) -> RunRecord:
    return started.record if isinstance(started, Run) else started.run


async def _end_task(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _steady_clock(store: Store) -> Clock:
    """Return the clock of the store's ledger; the time of day where a boot has no name."""
    boot = boot_id()
    if not boot:
        return WallClock()
    since_ns = since_boot_ns()
    return SteadyClock(await store.ledger_ns(boot, since_ns, time.time_ns()) - since_ns)


def _holder(writer: Writer) -> Callable[[RunRecord, Sequence[Holding]], Awaitable[LedgerFull | Later | None]]:
    async def hold(run: RunRecord, holdings: Sequence[Holding]) -> LedgerFull | Later | None:
        made: asyncio.Future[CommitResult] = asyncio.get_running_loop().create_future()
        write = RunWrite(run_id=run.id, epoch=run.epoch, ledger=holdings)

        def done(answer: CommitResult) -> None:
            if not made.done():
                made.set_result(answer)

        writer.submit(write, done)
        result = await made
        if isinstance(result, Exception):
            raise result
        return result

    return hold


def _plain_fields(named: Mapping[str, Any] | None, what: str) -> dict[str, Any]:
    return {name: plain(value, f"{what}.{name}") for name, value in (named or {}).items()}


def _spec_of(workflow: Callable[..., Any]) -> WorkflowSpec:
    if isinstance(workflow, Workflow):
        return workflow.spec
    name = getattr(workflow, "__qualname__", repr(workflow))
    raise UsageError(f"{name} is not a workflow; put @workflow above it")
