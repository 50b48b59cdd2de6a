"""The runtime: every verb on runs, over one store.

.. code-block:: python

    async with Runtime.open() as runtime:
        run = await runtime.run(handle, "T-1")
        print(run.output)
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, ParamSpec, TypeVar

from reenact import __version__
from reenact.beginnings import Beginning, check_run_id
from reenact.codec import plain
from reenact.config import ConfigLike, OnChange
from reenact.desk import Desk
from reenact.errors import ForkedBehindError
from reenact.forking import fork, withdraw
from reenact.handle import Handle
from reenact.inputs import check_arguments
from reenact.journal import Observer
from reenact.models import Models, PriceHook
from reenact.parts import Parts, open_parts
from reenact.planning import Plan, priced
from reenact.plugins import Plugins
from reenact.policy import OwnPolicy
from reenact.process import Process
from reenact.records import Changes, RunRecord
from reenact.recovery import recover
from reenact.registry import spec_of
from reenact.reruns import Planner, read_input_again, replay
from reenact.scheduler import Clock
from reenact.seams import Executor, Provider, Watch
from reenact.services import Hold
from reenact.stores import Store
from reenact.views import Run
from reenact.workflows import WORKFLOWS

P = ParamSpec("P")
T = TypeVar("T")


class Runtime(Desk):
    """Runs workflows, over one store. Made by `Runtime.open`.

    Attributes:
        config: What it was opened with.
        plugins: What is installed.
        owner: How this process is called in leases.
        watches: Who looks on while workflow code runs.
    """

    def __init__(self, parts: Parts, process: Process) -> None:
        super().__init__(parts.store, parts.clock)
        self.config = parts.config
        self.plugins = parts.plugins
        self.watches = parts.watches
        self.owner = process.owner
        self._process = process
        self._runs = process.runs
        self._registry = process.registry
        self._draw = process.services.draw

    # --- opening

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        config: ConfigLike = None,
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
            config: The configuration, its tables as a mapping, or its file; the nearest ``reenact.toml``
                if None.
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
        async with AsyncExitStack() as stack:
            parts = await open_parts(
                stack,
                config,
                store=store,
                providers=providers or {},
                policies=policies,
                executor=executor,
                plugins=plugins,
                clock=clock,
                price=price,
                watches=watches,
            )
            process = Process(parts, made_by=_made_by(parts), draw=draw, hold=hold)
            await process.open(stack)
            yield cls(parts, process)

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Have *observer* told at once of what becomes durable; return what ends that."""
        return self._process.observers.add(observer)

    @property
    def models(self) -> Models:
        """What can be asked, and how; what is set here, runs ask from then on."""
        return self._process.models

    @models.setter
    def models(self, models: Models) -> None:
        self._process.models = models

    @property
    def under_way(self) -> int:
        """How much goes on in this process by itself, for clocks that skip what nobody needs.

        Counted are steps that are being performed, turns and writes of runs that are due, and
        messages that no run has been told of; not counted is what waits for time or for somebody.
        """
        return self._process.under_way

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
        execution = await self._runs.start(
            self._registry.meet(workflow), args, kwargs, Beginning(suspend=True)
        )
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
    ) -> Handle:
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
            self._registry.meet(workflow),
            args,
            kwargs or {},
            Beginning(run_id=run_id, trace_id=trace_id, target=target, suspend=suspend),
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
                record, self._registry.code_of(record, workflow), on_changed_input, suspend=suspend
            )
        )

    async def replay(self, run_id: str, workflow: Callable[..., Any] | None = None) -> Run:
        """Run a workflow's code over its record: nothing is called, nothing is written.

        A long record is read as the code goes through it. Where that is not enough, as where the two part,
        the workflow's function is run once more, with all of the record read.

        Args:
            run_id: The run, or a prefix that only it has, or ``last``.
            workflow: Its code; found by the workflow's name if None.

        Returns:
            The run; if it has not ended, as far as the record goes.

        Raises:
            DivergenceError: If the code asks for anything else than the record has.
        """
        record = await self.find(run_id)
        return await replay(
            self.store,
            self._process.services,
            self._process,
            record,
            self._registry.code_of(record, workflow),
        )

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
            ForkedBehindError: If *inputs*, or the code, change a step before *at*; the new run is cancelled.
        """
        source = await self.find(run_id)
        spec = self._registry.code_of(source, workflow)
        changes = Changes(
            model=model, input=_plain_fields(inputs, "input"), outputs=_plain_fields(outputs, "outputs")
        )
        check_arguments(spec, changes.input)
        check_run_id(as_id)
        record = await fork(
            self.store, self.clock, source, at, changes=changes, run_id=as_id, draw=self._draw
        )
        try:
            return await self._runs.wait(await self._runs.take_up(record, spec, None, suspend=suspend))
        except ForkedBehindError:
            await withdraw(self.store, self.clock, record, "it would change what lies before it")
            raise

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
        spec = self._registry.code_of(source, workflow)
        changes = Changes(input=_plain_fields(inputs, "input"), allow_once=allow_once)
        check_arguments(spec, changes.input)
        args, kwargs = await read_input_again(self.store, source, spec, changes)
        how = Beginning(
            run_id=as_id, target=target or source.target, suspend=suspend, source=source, changes=changes
        )
        started = await self._runs.start(spec, args, kwargs, how)
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
        spec = self._registry.code_of(source, workflow)
        changes = Changes(input=_plain_fields(inputs, "input"), allow_once=allow_once)
        check_arguments(spec, changes.input)
        planner = Planner(self.store, self._process.services, self._process, self._registry.loaded)
        plan = await planner.plan(source, spec, changes)
        return await priced(plan, self.models)

    async def recover(self, workflows: Sequence[Callable[..., Any]] = ()) -> list[Run | BaseException]:
        """Resume every run whose owner is gone; return how each went on.

        Args:
            workflows: Code beside the workflows that are defined in this process.

        Returns:
            For each run: the run as it ended or waits, or the error that kept it from going on.
        """
        specs = (*(known.spec for known in WORKFLOWS.values()), *map(spec_of, workflows))
        known = {spec.name: spec for spec in specs}
        return await recover(
            self.store,
            self._runs,
            lambda record: known.get(record.workflow) or self._registry.code_of(record, None),
        )

    # --- telling

    async def cancel(self, run_id: str, reason: str = "") -> RunRecord:
        """Ask a run to end; see `Desk.cancel`. One in this process is told at once."""
        return await self._process.cancel(run_id, reason)

    async def _post(self, record: RunRecord, name: str, value: Any) -> None:
        await super()._post(record, name, value)
        self._process.house.poke()

    # --- stopping

    async def stop(self) -> None:
        """Let steps in flight end within the grace time, and give all runs back, resumable."""
        await self._runs.stop()

    def kill(self) -> None:
        """Let go of all runs at once, start no more, and put nothing more on record; for tests.

        What a killed process leaves in memory is nobody's; close the runtime, and open another one.
        """
        self._process.kill()


def _plain_fields(named: Mapping[str, Any] | None, what: str) -> dict[str, Any]:
    return {name: plain(value, f"{what}.{name}") for name, value in (named or {}).items()}


def _made_by(parts: Parts) -> Mapping[str, str]:
    """Return the distributions that take part in runs, as far as the configuration tells."""
    named = {model.partition(":")[0] for models in parts.config.models.values() for model in models}
    return dict(sorted({"reenact-core": __version__, **parts.plugins.versions(named)}.items()))
