"""A test's runs, killed at a chosen write to their journal, and resumed as another process would.

When the store has died (see `Mortal`), everything in memory is gone. The next life opens a
runtime of its own over the same store and resumes what the test asked for.

A step that may happen once only, and whose end is not on record, is a matter for a person.
Here the person knows: what was begun is known from the writes that were made, what came
of it from those that were lost.
"""

import asyncio
import functools
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import attrs
from reenact import Resolution
from reenact.content import unpack
from reenact.desk import Desk
from reenact.errors import DivergenceError, NotDeterministicError, StoreError
from reenact.handle import Handle
from reenact.plugins import Plugins
from reenact.records import RUN_PATH, Status
from reenact.runtime import Runtime
from reenact.views import Run

from pytest_reenact.acts import Act
from pytest_reenact.ends import Ends, Key, difference, ends_of, entries_of, swallowed
from pytest_reenact.loops import Opened
from pytest_reenact.memory import MemoryStore
from pytest_reenact.mortal import Mortal
from pytest_reenact.runs import TestRun, look
from pytest_reenact.runtime import TestRuntime

T = TypeVar("T")

DOUBTS_MAX = 20
"""How often a run is resumed after somebody decided about a step, in one life."""


class Crashing:
    """A trial: the runs of a test are killed at points, and resumed.

    Args:
        points: Where; none to count the writes only.
        reference: What the runs come to if nobody kills them.

    Attributes:
        mortal: What kills them, as soon as the test has a runtime.
        problem: Why the test cannot be tried.
        parted: Where code and record part, if they do in a later life.
        forgiven: How often steps were cut off in the middle, of which nobody can say whether they happened.
    """

    def __init__(self, points: Sequence[int] = (), reference: "Crashing | None" = None) -> None:
        self.points = tuple(points)
        self.reference = reference
        self.mortal: Mortal | None = None
        self.problem = ""
        self.parted = ""
        self.forgiven: Counter[Key] = Counter()
        self._runtimes: list[TestRuntime] = []
        self._reviving: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._kernels: list[Runtime] = []
        self._starts: dict[str, tuple[Act, int]] = {}
        self._restarts: dict[tuple[str, int], asyncio.Task[Handle]] = {}

    # --- what a runtime of the test asks

    def join(self, runtime: TestRuntime) -> None:
        """Hear of a runtime of the test."""
        if not isinstance(runtime.store, MemoryStore):
            self.problem = f"its store is no MemoryStore but a {type(runtime.store).__name__}"
            return
        if self.mortal is None:
            self.mortal = Mortal(runtime.store, self.points)
            self.mortal.on_death = self._kill
        elif self.mortal.store is not runtime.store:
            self.problem = "it has more than one store"
            return
        runtime.trial = self
        if self.reference is not None:
            runtime.plugins = runtime.plugins or self.reference.plugins
            runtime.watches = ()  # the same lines were looked at when nobody killed them
        self._runtimes.append(runtime)

    @property
    def plugins(self) -> Plugins | None:
        """What was found to be installed; to find it takes longer than most runs."""
        return next((runtime.plugins for runtime in self._runtimes if runtime.plugins is not None), None)

    @property
    def held(self) -> int:
        """Nothing is held back."""
        return 0

    def hold(self, run_id: str, path: str, go: Callable[[], None]) -> None:  # noqa: ARG002  # a trial's
        """Pass the end of a step on at once."""
        go()

    def seen(self, run: TestRun) -> TestRun:
        """Return a run of which entries do not count that were cut off."""
        cut_off = {run_id: frozenset(places) for run_id, places in self._mortal.cut_off.items()}
        return attrs.evolve(run, cut_off=cut_off)

    async def through(self, runtime: TestRuntime, act: Act, perform: Callable[[Runtime], Awaitable[T]]) -> T:
        """Perform an act, in as many lives as it takes."""
        mortal, opened = self._mortal, runtime.held_open()
        drawn, rows = runtime.drawn, self._rows(act)
        later: Callable[[Runtime], Awaitable[Any]] = lambda kernel: self._again(  # noqa: E731
            runtime, kernel, act, drawn, rows
        )
        known = mortal.deaths and act.verb == "wait"  # what the test waits for may have died before
        for performing in itertools.chain([] if known else [perform], itertools.repeat(later)):
            await self._alive(runtime)
            deaths = mortal.deaths
            kernel = await opened.runtime()
            self._note_kernel(kernel)
            try:
                made: T = await performing(kernel)
            except Exception as error:
                if deaths == mortal.deaths:
                    if mortal.deaths and isinstance(error, (DivergenceError, NotDeterministicError)):
                        self.parted = str(error)
                    raise
            else:
                if deaths == mortal.deaths or not isinstance(made, (Run, list)):
                    return made
            finally:
                if act.verb == "start" and act.run_id:
                    self._starts.setdefault(act.run_id, (act, drawn))
        raise AssertionError("an endless chain has ended")

    # --- dying, and living again

    @property
    def _mortal(self) -> Mortal:
        assert self.mortal is not None  # noqa: S101  # it was joined, else nobody would ask
        return self.mortal

    def _note_kernel(self, kernel: Runtime) -> None:
        if kernel not in self._kernels:
            self._kernels.append(kernel)

    def _kill(self) -> None:
        """Let go of everything in memory; runs that nobody waits for go on in the next life, too."""
        for kernel in self._kernels:
            kernel.kill()
        self._kernels.clear()
        for runtime in self._runtimes:
            if self._starts and runtime.in_use:
                self._keep(self._go_on(runtime))

    async def _go_on(self, runtime: TestRuntime) -> None:
        """Resume the runs that a test has started, and may not wait for."""
        async with runtime.opened():
            await self._alive(runtime)
            kernel = await runtime.held_open().runtime()
            self._note_kernel(kernel)
            life = self._mortal.deaths
            for run_id, (act, drawn) in list(self._starts.items()):
                record = await kernel.store.load(run_id)
                if self._mortal.deaths != life:
                    return  # the next life goes on with all of them
                if record is None or not record.status.ended:
                    with suppress(StoreError):  # it was killed again, and goes on in the next life
                        await self._start_again(runtime, kernel, act, drawn)

    async def _alive(self, runtime: TestRuntime) -> None:
        """Wait until there is a process again."""
        mortal = self._mortal
        if not mortal.dead:
            return
        if self._reviving is not None and not self._reviving.get_loop().is_closed():
            await asyncio.shield(self._reviving)
            return
        self._reviving = asyncio.get_running_loop().create_future()
        try:
            await _reopen(runtime.held_open(), mortal)
            scripted = getattr(runtime.llm, "forget", None)
            if scripted is not None:
                scripted(
                    lambda call: (
                        (call.run_id, call.path) not in mortal.ended
                        and (call.run_id, call.path, call.attempt) not in mortal.failed
                    )
                )
        finally:
            self._reviving.set_result(None)
            self._reviving = None

    def _rows(self, act: Act) -> int:
        """Return how much is on record of the run that an act is done to."""
        return len(self._mortal.store.journals.get(act.run_id, ()))

    async def _again(self, runtime: TestRuntime, kernel: Runtime, act: Act, drawn: int, rows: int) -> Any:
        """Do in another life what *act* says, from where the one before has left it.

        With nothing on record beyond the *rows* that were there when it was first done, a run that had
        ended by then is still to be taken up.
        """
        if act.verb == "start":
            return await self._start_again(runtime, kernel, act, drawn)
        if act.verb not in ("run", "resume", "wait"):
            return await runtime.done(kernel, act)
        record = await kernel.store.load(act.run_id) if act.run_id else None
        if record is None and act.verb == "wait":
            handle = await self._start_again(runtime, kernel, *self._starts[act.run_id])
            return await handle.wait()
        if record is None:
            return await _drawing(runtime, drawn, runtime.done(kernel, act))
        if record.status in (Status.FAILED, Status.CANCELLED) and (
            act.verb == "wait" or self._rows(act) > rows
        ):
            return (await look(kernel, act.run_id)).ended
        run = await self._resume(kernel, act)
        for _ in range(DOUBTS_MAX):
            if run.status not in (Status.IN_DOUBT, Status.WAITING) or not await self._decide(kernel):
                break
            run = await self._resume(kernel, act)
        return run

    async def _start_again(self, runtime: TestRuntime, kernel: Runtime, act: Act, drawn: int) -> Handle:
        """Start a run that the life before has started, once in each life, whoever needs it first."""
        life = act.run_id, self._mortal.deaths
        task = self._restarts.get(life)
        if task is None or task.get_loop() is not asyncio.get_running_loop():
            made = self._started(runtime, kernel, act, drawn)
            task = self._restarts[life] = asyncio.get_running_loop().create_task(made)
        return await asyncio.shield(task)

    async def _started(self, runtime: TestRuntime, kernel: Runtime, act: Act, drawn: int) -> Handle:
        """Start the run that is on record, or the same once more."""
        if act.run_id and await kernel.store.load(act.run_id) is not None:
            act = attrs.evolve(act, options={**act.options, "run_id": act.run_id})
        handle = await _drawing(runtime, drawn, runtime.begun(kernel, act))
        self._keep(self._hear(handle))
        return handle

    async def _hear(self, handle: Handle) -> None:
        """Hear how a run ends that the test may never wait for."""
        with suppress(Exception):
            await handle.wait()

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _resume(self, kernel: Runtime, act: Act) -> Run:
        suspend = act.options.get("suspend", act.verb != "wait")
        return await kernel.resume(act.run_id, act.workflow, on_changed_input="fail", suspend=suspend)

    async def _decide(self, desk: Desk) -> bool:
        """Decide about steps in doubt, as a person who knows what happened; say whether there were any."""
        decided = False
        for run_id, record in list(self._mortal.store.runs.items()):
            if record.status is not Status.IN_DOUBT:
                continue
            for step in (await desk.show(run_id)).steps:
                key = run_id, step.path
                if step.status is Status.IN_DOUBT and not self._expected_doubt(key):
                    await desk.resolve(run_id, step.path, self._resolution(key))
                    decided = True
        return decided

    def _expected_doubt(self, key: Key) -> bool:
        known = self.reference.doubts if self.reference is not None else frozenset[Key]()
        return key in known

    def _resolution(self, key: Key) -> Resolution:
        lost = self._mortal.lost.get(key)
        if lost is None:
            if self._mortal.begun[key]:
                self.forgiven[key] += 1  # it was cut off in the middle, and nobody can say what came of it
            return Resolution(retry=True)
        entry, write = lost
        if entry.failure is not None:
            return Resolution(fail=entry.failure.message)
        blobs = {**self._mortal.store.content, **{blob.hash: blob for blob in write.blobs}}
        value = unpack(bytes(entry.output), blobs) if entry.output else None
        return Resolution(done=True, value=value)

    # --- judging

    @functools.cached_property
    def ends(self) -> Ends:
        """What the runs of the test came to; asked for when the test is over."""
        return ends_of(self._mortal.store)

    @property
    def swallowed(self) -> str:
        """Which run was cancelled and did not end so; nothing if none."""
        return swallowed(self._mortal.store)

    @functools.cached_property
    def doubts(self) -> frozenset[Key]:
        """The steps that were in doubt at some time; asked for when the test is over."""
        return frozenset(
            (run_id, entry.path)
            for run_id in self._mortal.store.runs
            for entry in entries_of(self._mortal.store, run_id)
            if entry.path != RUN_PATH and entry.status is Status.IN_DOUBT
        )

    def judge(self) -> str:
        """Return what is wrong with how the runs went on; nothing if all is well."""
        mortal, reference = self._mortal, self.reference
        assert reference is not None  # noqa: S101  # only a run again is judged
        if self.parted:
            return self.parted
        for entry in mortal.again:
            return f"{entry.path} ({entry.site}) had ended on record, and its work was done again"
        for key, count in mortal.begun.items():
            step = mortal.steps[key]
            allowed = max(reference._mortal.begun[key], 1) + self.forgiven[key]
            if step.effect == "once" and count > allowed:
                return f"{step.path} ({step.site}) may happen once, and its work was begun {count} times"
        return difference(reference.ends, self.ends)


async def _drawing(runtime: TestRuntime, drawn: int, work: Coroutine[Any, Any, T]) -> T:
    """Do *work*, which begins by drawing ids and keys, and have it draw those again that were drawn before.

    It draws before it waits for the first time; what others draw from then on is what they would have.
    """
    loop = asyncio.get_running_loop()
    later = runtime.drawn

    def back() -> None:
        runtime.drawn = drawn

    def on() -> None:
        runtime.drawn = max(later, runtime.drawn)

    loop.call_soon(back)
    task = loop.create_task(work)
    loop.call_soon(on)  # nothing else gets a turn in between
    return await task


async def _reopen(opened: Opened, mortal: Mortal) -> None:
    await opened.restart(mortal.revive)


def points_of(crashing: Crashing) -> int:
    """Return how many points the first life of a test's runs has."""
    mortal = crashing.mortal
    return 2 * mortal.writes[0] if mortal is not None else 0
