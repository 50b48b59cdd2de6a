"""What every executor must do. Inherit, say how to open yours, and run pytest.

.. code-block:: python

    class TestMyExecutor(ExecutorConformance):
        def open(self, tmp_path):
            return open_my_executor(MyOptions(places=4))

An executor that has other processes resume runs says so with ``here = False``, and with
``store`` which store they share; the tests of what happens in this process are skipped then.
The workflows of the suite are in this module, for those processes to import.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from reenact import Plugins, Runtime, Status, approve, parallel, step, workflow
from reenact.config import Config, RuntimeOptions
from reenact.seams import Executor
from reenact.stores import RunFilter, Store

from pytest_reenact.memory import MemoryStore

RUNS = 40
"""How many runs are submitted at once."""


# --- workflows --------------------------------------------------------------------------------------


@step
async def double(number: int) -> int:
    """Double a number."""
    await asyncio.sleep(0)
    return 2 * number


@step(retries=0)
async def break_down(why: str) -> None:
    """Fail."""
    raise ValueError(why)


gates: dict[str, asyncio.Event] = {}
"""What steps of this process wait at, by name."""


@step
async def pass_gate(name: str) -> str:
    """Wait until a gate is open; open if nobody has made one."""
    gate = gates.get(name)
    if gate is not None:
        await gate.wait()
    return name


@workflow(name="conformance-sum")
async def adding(number: int) -> int:
    """Do two steps."""
    return await double(number) + await double(number + 1)


@workflow(name="conformance-broken")
async def breaking(why: str) -> None:
    """Fail at a step."""
    await break_down(why)


@workflow(name="conformance-asking")
async def asking() -> str:
    """Ask a person."""
    return "yes" if await approve("go on?") else "no"


@workflow(name="conformance-gate")
async def gated(name: str) -> str:
    """Wait at a gate."""
    return await pass_gate(name)


@workflow(name="conformance-family")
async def family(size: int) -> int:
    """Have children do the work."""
    return sum(await parallel(adding, range(size)))


# --- the suite --------------------------------------------------------------------------------------

Start = Callable[[], Awaitable[None]]


class ExecutorConformance:
    """The suite; `open` says how to open the executor.

    Attributes:
        here: Whether it runs runs in the process that submits them.
        scene_s: The longest a test may take, in seconds; none should come near it.
    """

    here = True
    scene_s: float = 30.0

    def open(self, tmp_path: Path) -> AbstractAsyncContextManager[Executor]:
        """Return an async context manager that yields the executor."""
        raise NotImplementedError("say how to open your executor")

    @asynccontextmanager
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:  # noqa: ARG002  # for who overrides it
        """Yield an empty store that every process which runs runs can open."""
        await asyncio.sleep(0)
        yield MemoryStore()

    @pytest.fixture
    def play(self, tmp_path: Path) -> Callable[[Callable[[Executor], Awaitable[None]]], None]:
        """Runs a test's coroutine on an open executor, and sees that nothing is left of it."""
        if not self.here:
            pytest.skip("it runs no runs in this process")

        async def opened(test: Callable[[Executor], Awaitable[None]]) -> None:
            async with asyncio.timeout(self.scene_s):
                async with self.open(tmp_path) as executor:
                    await test(executor)
                left = asyncio.all_tasks() - {asyncio.current_task()}
                assert not left, f"it leaves tasks behind: {left}"

        return lambda test: asyncio.run(opened(test))

    @pytest.fixture
    def on_runtime(self, tmp_path: Path) -> Callable[[Callable[[Runtime], Awaitable[None]]], None]:
        """Runs a test's coroutine on a runtime that has the executor."""

        async def opened(test: Callable[[Runtime], Awaitable[None]]) -> None:
            async with (
                asyncio.timeout(self.scene_s),
                self.store(tmp_path) as store,
                self.open(tmp_path) as executor,
                _runtime(store, executor) as runtime,
            ):
                await test(runtime)

        return lambda test: asyncio.run(opened(test))

    # --- what is submitted

    def test_every_run_is_started_once(self, play: Any) -> None:
        """Of many that are submitted at once, each is started, and seen through, once."""
        begun: list[str] = []
        ended: list[str] = []

        async def check(executor: Executor) -> None:
            all_ended = asyncio.Event()

            def start_of(run_id: str) -> Start:
                async def start() -> None:
                    begun.append(run_id)
                    for _ in range(3):
                        await asyncio.sleep(0)
                    ended.append(run_id)
                    if len(ended) == RUNS:
                        all_ended.set()

                return start

            ids = [f"run-{number}" for number in range(RUNS)]
            await asyncio.gather(*(executor.submit(run_id, start_of(run_id)) for run_id in ids))
            await all_ended.wait()
            await _settle()
            assert sorted(begun) == sorted(ids)
            assert sorted(ended) == sorted(ids)

        play(check)

    def test_it_returns_before_the_run_has_ended(self, play: Any) -> None:
        """Whoever submits a run is told that it will run, and does not wait for its end."""

        async def check(executor: Executor) -> None:
            gate = asyncio.Event()
            ended = asyncio.Event()

            async def start() -> None:
                await gate.wait()
                ended.set()

            await executor.submit("run-1", start)
            assert not ended.is_set()
            gate.set()
            await ended.wait()

        play(check)

    def test_runs_run_in_the_loop_they_were_submitted_from(self, play: Any) -> None:
        """Nothing of a run is touched from another thread or loop."""

        async def check(executor: Executor) -> None:
            where: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

            async def start() -> None:
                where.get_loop().call_soon_threadsafe(where.set_result, asyncio.get_running_loop())
                await asyncio.sleep(0)

            await executor.submit("run-1", start)
            assert await where is asyncio.get_running_loop()

        play(check)

    @pytest.mark.parametrize("error", [RuntimeError("no"), asyncio.CancelledError()], ids=type)
    def test_one_that_breaks_keeps_no_other_from_running(self, play: Any, error: BaseException) -> None:
        """A start that raises, or is cancelled, is the end of that run here, and of nothing else."""

        async def check(executor: Executor) -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, __: None)
            ended = asyncio.Event()

            async def broken() -> None:
                await asyncio.sleep(0)
                raise error

            async def sound() -> None:
                await asyncio.sleep(0)
                ended.set()

            for number in range(10):
                await executor.submit(f"broken-{number}", broken)
            await executor.submit("sound", sound)
            await ended.wait()

        play(check)

    def test_one_whose_submission_is_cancelled_is_not_started_twice(self, play: Any) -> None:
        """Nor does it keep the next from being started."""
        begun: list[str] = []

        async def check(executor: Executor) -> None:
            ended = asyncio.Event()

            async def first() -> None:
                await asyncio.sleep(0)
                begun.append("first")

            async def second() -> None:
                await asyncio.sleep(0)
                begun.append("second")
                ended.set()

            submitting = asyncio.ensure_future(executor.submit("run-1", first))
            await asyncio.sleep(0)
            submitting.cancel()
            await asyncio.gather(submitting, return_exceptions=True)
            await executor.submit("run-2", second)
            await ended.wait()
            await _settle()
            assert begun.count("first") <= 1
            assert begun.count("second") == 1

        play(check)

    def test_closing_leaves_nothing_behind(self, play: Any) -> None:
        """Runs that go on do not keep it from closing: they are the runtime's, which has let go of them."""

        async def check(executor: Executor) -> None:
            async def start() -> None:
                await asyncio.Event().wait()

            for number in range(RUNS):
                await executor.submit(f"run-{number}", start)
            await _settle()

        play(check)

    # --- with a runtime

    def test_runs_end_as_they_do_without_it(self, on_runtime: Any) -> None:
        """Output and failure come back to who asked for them, from one run and from many at once."""

        async def check(runtime: Runtime) -> None:
            run = await runtime.run(adding, 3)
            assert (run.status, run.output) == (Status.SUCCEEDED, 14)
            failed = await runtime.run(breaking, "as it should")
            assert failed.status is Status.FAILED
            with pytest.raises(ValueError, match="as it should"):
                _ = failed.output
            runs = await asyncio.gather(*(runtime.run(adding, number) for number in range(RUNS)))
            assert [run.output for run in runs] == [4 * number + 2 for number in range(RUNS)]
            for one in runs:
                view = await runtime.show(one.id)
                assert [(s.path, s.attempts) for s in view] == [("double#0", 1), ("double#1", 1)]

        on_runtime(check)

    def test_a_run_that_waits_is_given_back_and_taken_up_again(self, on_runtime: Any) -> None:
        """It goes on once it was answered, where it stopped."""

        async def check(runtime: Runtime) -> None:
            waiting = await runtime.run(asking)
            assert waiting.status is Status.WAITING
            await runtime.approve(waiting.id, True)
            run = await runtime.resume(waiting.id)
            assert (run.id, run.output) == (waiting.id, "yes")

        on_runtime(check)

    def test_the_same_id_is_the_same_run(self, on_runtime: Any) -> None:
        """A run that exists is found and not run again."""

        async def check(runtime: Runtime) -> None:
            handles = [await runtime.start(adding, [1], run_id="same") for _ in range(2)]
            first, second = [(await handle.wait()).output for handle in handles]
            third = await (await runtime.start(adding, [1], run_id="same")).wait()
            assert (first, second, third.output) == (6, 6, 6)
            assert len(await runtime.list()) == 1

        on_runtime(check)

    def test_children_need_no_place_of_their_own(self, on_runtime: Any) -> None:
        """Runs whose children outnumber whatever it lets run at once come to their end."""

        async def check(runtime: Runtime) -> None:
            runs = await asyncio.gather(*(runtime.run(family, 6) for _ in range(6)))
            assert [run.output for run in runs] == [sum(4 * number + 2 for number in range(6))] * 6

        on_runtime(check)

    def test_runs_that_were_let_go_of_are_recovered(self, tmp_path: Path) -> None:
        """Closing the runtime leaves runs on record, begun or queued; another brings them to their end."""
        if not self.here:
            pytest.skip("it runs no runs in this process")

        async def check() -> None:
            async with asyncio.timeout(self.scene_s), self.store(tmp_path) as store:
                gates["closed"] = asyncio.Event()
                try:
                    async with self.open(tmp_path) as executor, _runtime(store, executor) as runtime:
                        for number in range(RUNS):
                            await runtime.start(gated, ["closed"], run_id=f"run-{number}")
                        await _settle()
                finally:
                    del gates["closed"]
                left = await store.list(RunFilter(limit=1000, ownerless=True))
                assert len(left) == RUNS
                assert {run.status for run in left} == {Status.RUNNING}
                async with self.open(tmp_path) as executor, _runtime(store, executor) as runtime:
                    recovered = await runtime.recover()
                assert [getattr(run, "status", run) for run in recovered] == [Status.SUCCEEDED] * RUNS

        asyncio.run(check())


def _runtime(store: Store, executor: Executor) -> AbstractAsyncContextManager[Runtime]:
    options = RuntimeOptions(grace_s=0.0, poll_s=0.01)
    return Runtime.open(
        Config(runtime=options), store=store, executor=executor, plugins=Plugins(installed=False)
    )


async def _settle() -> None:
    """Let everything happen that happens by itself."""
    for _ in range(50):
        await asyncio.sleep(0)
