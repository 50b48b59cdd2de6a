"""The deterministic loop: paths that nobody can forge, time that stands still, and what is refused."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reenact import loop as loop_module
from reenact.errors import NotDeterministicError
from reenact.loop import RunLoop
from reenact.refusals import REFUSED
from reenact.scopes import KEY_CHARS_MAX, Scope, current_scope

anything = st.text(st.characters(exclude_categories=[]))


@given(anything)
def test_a_key_cannot_forge_a_path(key: str) -> None:
    """Whatever it holds, it stays one label of one step, on one line, and not too long."""
    path = Scope("outer#0").path("name", key)

    assert re.fullmatch(r"outer#0/name\[[^\[\]/#\n\r]*\]", path)
    assert len(path) <= len("outer#0/name[]") + KEY_CHARS_MAX
    path.encode()


@given(st.lists(st.text("abc/#[]%~", max_size=120), unique=True, max_size=6))
def test_other_keys_are_other_paths(keys: list[str]) -> None:
    """Also those that are shortened."""
    scope = Scope()

    assert len({scope.path("name", key) for key in keys}) == len(keys)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.none() | st.sampled_from("kl")), max_size=12))
def test_every_path_in_a_scope_is_another_one(asked: list[tuple[str, str | None]]) -> None:
    """Numbered where the name, or the key, was there before."""
    scope = Scope("s#0")

    paths = [scope.path(name, key) for name, key in asked]

    assert len(set(paths)) == len(paths)
    again = Scope("s#0")
    assert [again.path(name, key) for name, key in asked] == paths


def test_paths_read_as_lineage() -> None:
    """Scopes in scopes, names numbered, keys in brackets."""
    scope = Scope()

    assert [scope.path("a"), scope.path("a"), scope.path("b")] == ["a#0", "a#1", "b#0"]
    assert [scope.path("a", "x"), scope.path("a", "x"), scope.path("a")] == ["a[x]", "a[x]#1", "a#2"]
    assert scope.child("task").child("task", "k").path("a") == "task#0/task[k]/a#0"


# --- turning


@attrs.define
class Timers:
    """Keeps timers, for the test to fire."""

    set: list[tuple[asyncio.TimerHandle, Scope]] = attrs.field(factory=list)
    cancelled: list[asyncio.TimerHandle] = attrs.field(factory=list)

    def timer_set(self, handle: asyncio.TimerHandle, scope: Scope) -> None:
        self.set.append((handle, scope))

    def timer_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self.cancelled.append(handle)


@attrs.define
class Bench:
    """A loop outside of any run, and what it reports."""

    timers: Timers = attrs.field(factory=Timers)
    unhandled: list[dict[str, Any]] = attrs.field(factory=list)
    loop: RunLoop = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.loop = RunLoop(  # type: ignore[abstract]  # the rest is set to refuse
            self.timers, seed=7 << 40, start_s=100.0, unhandled=self.unhandled.append
        )

    def run(self, main: Callable[[], Coroutine[Any, Any, Any]]) -> "asyncio.Task[Any]":
        """Begin *main* and turn the loop to rest."""
        with self.loop.entered():
            task: asyncio.Task[Any] = self.loop.create_task(main())
        self.turn()
        return task

    def turn(self) -> None:
        with self.loop.entered():
            self.loop.turn()

    def fire(self, index: int = 0) -> None:
        handle, _ = self.timers.set.pop(index)
        self.loop.advance(handle.when())
        self.loop.fire(handle)
        self.turn()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_turn_goes_to_rest_and_time_stands_still(bench: Bench) -> None:
    """Until something is delivered."""
    seen: list[float] = []

    async def main() -> str:
        for _ in range(3):
            seen.append(asyncio.get_running_loop().time())
            await asyncio.sleep(0)
        await asyncio.sleep(5)
        seen.append(asyncio.get_running_loop().time())
        return "done"

    task = bench.run(main)
    assert bench.loop.at_rest
    assert not task.done()
    assert seen == [100.0] * 3

    bench.fire()

    assert task.result() == "done"
    assert seen[-1] == 105.0


def test_time_never_moves_back(bench: Bench) -> None:
    """A late delivery does not turn the clock."""
    bench.loop.advance(50.0)

    assert bench.loop.time() == 100.0


def test_a_timer_that_is_called_off_does_not_fire(bench: Bench) -> None:
    """And whoever keeps timers is told."""

    async def main() -> str:
        async with asyncio.timeout(10):
            await asyncio.sleep(0)
        return "in time"

    task = bench.run(main)

    assert task.result() == "in time"
    assert bench.timers.cancelled == [handle for handle, _ in bench.timers.set]
    bench.fire()
    assert bench.loop.at_rest


def test_a_loop_that_never_waits_is_an_error(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to do, instead of holding the process up for ever."""
    monkeypatch.setattr(loop_module, "TURN_CALLBACKS_MAX", 1000)

    async def main() -> None:
        while True:
            await asyncio.sleep(0)

    with pytest.raises(NotDeterministicError, match=r"a loop that never waits.*await a step in it"):
        bench.run(main)

    bench.loop.drop_tasks()


def test_tasks_have_scopes_of_their_own(bench: Bench) -> None:
    """Numbered in the order in which they were made, not in which they run."""
    paths: list[str] = []

    async def child(wait: bool) -> None:
        if wait:
            await asyncio.sleep(0)
        paths.append(current_scope.get().path("step"))

    async def main() -> None:
        await asyncio.gather(child(True), child(False))

    bench.run(main)

    assert sorted(paths) == ["task#0/task#0/step#0", "task#0/task#1/step#0"]
    assert paths[0].startswith("task#0/task#1")


def test_futures_and_tasks_stand_in_sets_in_the_order_they_were_made(bench: Bench) -> None:
    """Sets of them are iterated, by ``asyncio.wait`` for one."""

    async def main() -> bool:
        futures = [asyncio.get_running_loop().create_future() for _ in range(50)]
        hashes = [hash(future) for future in futures]
        return hashes == sorted(hashes) and len(set(hashes)) == 50

    assert bench.run(main).result() is True


def test_an_error_nobody_awaited_is_reported(bench: Bench) -> None:
    """To the run, which logs it."""

    def fail() -> None:
        raise ValueError("nobody sees this")

    with bench.loop.entered():
        bench.loop.call_soon(fail)
    bench.loop.default_exception_handler({"message": "by hand"})
    bench.turn()

    assert bench.unhandled[0]["message"] == "by hand"
    assert isinstance(bench.unhandled[1]["exception"], ValueError)


def test_a_dropped_generator_is_closed_on_the_loop(bench: Bench) -> None:
    """What it does at its end is part of the run."""
    closed: list[bool] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append(asyncio.get_running_loop() is bench.loop)

    async def main() -> None:
        async for _ in numbers():
            break
        await asyncio.sleep(0)

    bench.run(main)
    bench.turn()

    assert closed == [True]
    assert bench.loop.open_generators() == []


def test_open_generators_can_be_closed(bench: Bench) -> None:
    """All that were begun and not ended."""
    kept: list[Any] = []

    async def numbers() -> AsyncIterator[int]:
        yield 1

    async def main() -> int:
        kept.append(numbers())
        first: int = await anext(kept[0])
        await bench.loop.shutdown_asyncgens()
        return first

    assert bench.run(main).result() == 1
    assert kept[0].ag_frame is None


def test_a_closed_loop_does_nothing_more(bench: Bench) -> None:
    """What was ready is forgotten."""
    with bench.loop.entered():
        bench.loop.call_soon(lambda: None)
    bench.loop.close()

    assert bench.loop.at_rest
    assert bench.loop.is_closed()
    assert not bench.loop.is_running()
    assert bench.loop.get_debug() is False


def test_what_is_left_can_be_cancelled(bench: Bench) -> None:
    """And whether there was anything is told."""

    async def main() -> None:
        await asyncio.Event().wait()

    task = bench.run(main)

    with bench.loop.entered():
        assert bench.loop.cancel_tasks() is True
    bench.turn()
    assert task.cancelled()
    assert bench.loop.cancel_tasks() is False


# --- what is refused

METHODS_REFUSED = [name for names in REFUSED.values() for name in names]


@pytest.mark.parametrize("name", METHODS_REFUSED)
def test_what_cannot_be_repeated_is_refused(bench: Bench, name: str) -> None:
    """Whatever the arguments; the error names this line."""
    with pytest.raises(NotDeterministicError, match=rf"{name}\) is not deterministic.*test_loop.py:\d+"):
        getattr(bench.loop, name)()


def test_the_loop_knows_every_method_of_a_loop() -> None:
    """Each is either meant for workflows or refused; none is left to raise ``NotImplementedError``."""
    methods = {name for name in vars(asyncio.AbstractEventLoop) if not name.startswith("_")}
    own = {name for name in vars(RunLoop) if not name.startswith("_")}
    harmless = {"get_exception_handler", "get_task_factory"}

    assert methods - own - harmless == set()


def test_as_completed_starts_in_the_order_given(bench: Bench) -> None:
    """Coroutines are made tasks before they are put into a set."""
    started: list[int] = []

    async def one(number: int) -> int:
        started.append(number)
        return number

    async def main() -> list[int]:
        return [await future for future in asyncio.as_completed([one(n) for n in range(30)])]

    assert bench.run(main).result() == list(range(30))
    assert started == list(range(30))


def test_the_original_as_completed_of_coroutines_is_refused(bench: Bench) -> None:
    """It was imported by name before the runtime could take its place; given tasks, it is fine."""
    original = loop_module._as_completed

    async def one(number: int) -> int:
        return number

    async def with_tasks() -> list[int]:
        tasks = [asyncio.create_task(one(n)) for n in range(3)]
        return sorted([await future for future in original(tasks)])

    async def with_coroutines() -> None:
        made = [one(n) for n in range(3)]
        try:
            for future in original(made):
                await future
        finally:
            for coroutine in made:
                coroutine.close()

    assert bench.run(with_tasks).result() == [0, 1, 2]
    with pytest.raises(NotDeterministicError, match=r"call asyncio\.as_completed"):
        bench.run(with_coroutines).result()


async def test_elsewhere_as_completed_is_what_it_was() -> None:
    """On other loops nothing changes."""

    async def one(number: int) -> int:
        return number

    found = [await future for future in asyncio.as_completed([one(1), one(2)])]

    assert sorted(found) == [1, 2]
