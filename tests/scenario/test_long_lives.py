"""Workflows that outlive their code and their journal: patches, and runs that go on as new ones."""

import sys
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest
from pytest_reenact.memory import MemoryStore
from reenact import Status, continue_as_new, patched, step, wait_signal, workflow
from reenact.errors import InputError, RunEndedError, UsageError

from conftest import Opened

done: list[str] = []
code = SimpleNamespace()


@pytest.fixture(autouse=True)
def forget() -> None:
    done.clear()


@step
async def do(what: str) -> str:
    done.append(what)
    return what


@workflow
async def changing() -> list[str]:
    found: list[str] = await code.body()
    return found


async def old() -> list[str]:
    first = await do("a")
    said = await wait_signal("go")
    return [first, said, await do("old")]


async def early() -> list[str]:
    first = await do("new a" if patched("early") else "a")
    said = await wait_signal("go")
    return [first, said, await do("old")]


async def late() -> list[str]:
    first = await do("a")
    said = await wait_signal("go")
    last = await do("new") if patched("late") else await do("old")
    return [first, said, last]


class TestPatched:
    """A run takes the branch that it took, and one that comes to it later the new one."""

    async def test_a_run_that_was_past_it_takes_the_old_branch(self, opened: Opened) -> None:
        """And again whenever it is resumed or replayed."""
        async with opened() as runtime:
            code.body = old
            run = await runtime.run(changing)
            code.body = early
            await runtime.signal(run.id, "go", "x")
            run = await runtime.resume(run.id)
            again = await runtime.replay(run.id)
        assert run.output == ["a", "x", "old"] == again.output

    async def test_a_run_that_was_not_yet_there_takes_the_new_branch(self, opened: Opened) -> None:
        """The step it waited at lies before the change; the record tells a replay."""
        async with opened() as runtime:
            code.body = old
            run = await runtime.run(changing)
            code.body = late
            await runtime.signal(run.id, "go", "x")
            run = await runtime.resume(run.id)
            again = await runtime.replay(run.id)
            view = await runtime.show(run.id)
        assert run.output == ["a", "x", "new"] == again.output
        assert ":patched[late]" in [s.path for s in view.steps]

    @pytest.mark.parametrize("branch", [early, late])
    async def test_a_new_run_takes_the_new_branch(
        self, opened: Opened, branch: Callable[[], Awaitable[list[str]]]
    ) -> None:
        """On every crash and replay, too; and when the patch is removed, its mark is no trouble."""
        async with opened() as runtime:
            code.body = branch
            run = await runtime.run(changing)
            await runtime.signal(run.id, "go", "x")
            run = await runtime.resume(run.id)
            again = await runtime.replay(run.id)
        assert run.output == again.output
        assert "new" in " ".join(run.output)

    async def test_it_is_asked_in_workflow_code_only(self) -> None:
        """Elsewhere there is no record that could tell."""
        with pytest.raises(UsageError, match="in workflow code only"):
            patched("x")


@workflow
async def counting(left: int, total: int = 0) -> int:
    total += len(await do("x" * left))
    if left == 0:
        return total
    return continue_as_new(left - 1, total=total)


@workflow
async def going_on(left: int) -> str:
    return "done" if left == 0 else continue_as_new(left - 1)


@workflow
async def counting_parent() -> int:
    return await counting(3)


@workflow
async def wrong() -> None:
    continue_as_new("too", "many")


class TestContinueAsNew:
    """A run ends and goes on as another one."""

    async def test_whoever_waits_gets_the_last_output(self, opened: Opened, store: MemoryStore) -> None:
        """Four runs of one trace, each with a short journal; the first one's id leads to the end."""
        async with opened() as runtime:
            run = await runtime.run(counting, 3)
            first = await runtime.find(next(r.id for r in store.runs.values() if not r.origin))
            followed = await runtime.resume(first.id, counting)
            replayed = await runtime.replay(first.id)

        assert run.output == 6 == followed.output
        assert len(store.runs) == 4
        assert {r.trace_id for r in store.runs.values()} == {run.trace_id}
        assert all(r.status is Status.SUCCEEDED and r.steps == 1 for r in store.runs.values())
        assert run.record.origin.startswith("continued:")
        assert replayed.status is Status.SUCCEEDED

    async def test_a_run_may_go_on_as_often_as_it_likes(self, opened: Opened, store: MemoryStore) -> None:
        """Whoever waits for the first one, or asks for it later, gets to the last one."""
        lives = sys.getrecursionlimit() + 100
        async with opened() as runtime:
            run = await runtime.run(going_on, lives)
            first = next(r.id for r in store.runs.values() if not r.origin)
            again = await runtime.resume(first)
        assert len(store.runs) == lives + 1
        assert run.output == "done" == again.output
        assert run.id == again.id

    async def test_a_child_run_may_go_on_as_a_new_one(self, opened: Opened) -> None:
        """Its parent gets the last output."""
        async with opened() as runtime:
            run = await runtime.run(counting_parent)
            again = await runtime.replay(run.id)
        assert run.output == 6 == again.output

    async def test_a_crash_between_the_two_loses_nothing(self, opened: Opened, store: MemoryStore) -> None:
        """The new run exists before the old one has ended; taken up again it is found, not made twice."""
        async with opened() as runtime:
            await runtime.run(counting, 1)
        first = next(r for r in store.runs.values() if not r.origin)
        for rows in range(1, len(store.journals[first.id])):
            cut = store.crashed(first.id, rows)
            async with opened(store=cut) as runtime:
                run = await runtime.resume(first.id)
            assert run.output == 1
            assert len(cut.runs) == 2

    async def test_who_tells_the_first_run_something_hears_which_is_the_last(
        self, opened: Opened, store: MemoryStore
    ) -> None:
        """It takes nothing more; the error names the run that does."""
        async with opened() as runtime:
            last = await runtime.run(counting, 2)
            first = next(r.id for r in store.runs.values() if not r.origin)
            for tell in (runtime.signal(first, "go"), runtime.approve(first), runtime.cancel(first)):
                with pytest.raises(RunEndedError, match=f"it goes on as run '{last.id}'"):
                    await tell
            with pytest.raises(RunEndedError) as ended:
                await runtime.signal(last.id, "go")
        assert "goes on" not in str(ended.value)

    async def test_arguments_that_do_not_fit_fail_the_run(self, opened: Opened) -> None:
        """With the signature."""
        async with opened() as runtime:
            run = await runtime.run(wrong)
        assert run.status is Status.FAILED
        with pytest.raises(InputError, match="wrong"):
            _ = run.output
