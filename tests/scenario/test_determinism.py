"""Whatever a workflow does with asyncio, it does again on replay, and after a crash at any point."""

import asyncio
import json
import random
import sys
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_reenact.memory import MemoryStore
from pytest_reenact.order import World
from reenact import Plugins, Runtime, current, parallel, retrieval, step, workflow
from reenact.config import Config
from reenact.retrieval import read_history

Tree = list[Any]
EXAMPLES = settings().max_examples

worlds: dict[str, World] = {}
calls: list[str] = []


class Broken(Exception):
    """What a failing step raises."""


@step
async def work(value: int, fails: bool) -> int:
    here = current()
    calls.append(here.path)
    await worlds["now"].turn(here.path)
    if fails:
        raise Broken(value)
    return value * 2


async def walk(tree: Tree, seen: list[str]) -> Any:
    """Do what *tree* says, and note in *seen* what was seen in which order."""
    verb, *rest = tree
    result = await VERBS[verb](seen, *rest)
    seen.append(f"{verb} {json.dumps(result)}")
    return result


async def do_step(seen: list[str], value: int, fails: bool) -> Any:
    return await work(value, fails)


async def do_sleep(seen: list[str], seconds: int) -> Any:
    await asyncio.sleep(seconds)
    return "slept"


async def do_sequence(seen: list[str], *trees: Tree) -> Any:
    return [await walk(tree, seen) for tree in trees]


async def do_gather(seen: list[str], *trees: Tree) -> Any:
    results = await asyncio.gather(*(walk(tree, seen) for tree in trees), return_exceptions=True)
    return [_spell(result) for result in results]


async def do_group(seen: list[str], *trees: Tree) -> Any:
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(walk(tree, seen)) for tree in trees]
    except ExceptionGroup as errors:
        return sorted(_spell(error) for error in errors.exceptions)
    return [task.result() for task in tasks]


async def do_first(seen: list[str], *trees: Tree) -> Any:
    tasks = [asyncio.create_task(walk(tree, seen)) for tree in trees]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    return [_spell(task.exception() or task.result()) for task in done]


async def do_completed(seen: list[str], *trees: Tree) -> Any:
    found = []
    for future in asyncio.as_completed([walk(tree, seen) for tree in trees]):
        try:
            found.append(await future)
        except Broken as error:
            found.append(_spell(error))
    return found


async def do_timeout(seen: list[str], seconds: int, tree: Tree) -> Any:
    try:
        async with asyncio.timeout(seconds):
            return await walk(tree, seen)
    except TimeoutError:
        return "too late"


async def do_wait_for(seen: list[str], seconds: int, tree: Tree) -> Any:
    try:
        return await asyncio.wait_for(walk(tree, seen), seconds)
    except TimeoutError:
        return "too late"


async def do_limited(seen: list[str], limit: int, *trees: Tree) -> Any:
    places = asyncio.Semaphore(limit)

    async def one(tree: Tree) -> Any:
        async with places:
            return await walk(tree, seen)

    return [_spell(r) for r in await asyncio.gather(*map(one, trees), return_exceptions=True)]


async def do_parallel(seen: list[str], limit: int, *trees: Tree) -> Any:
    return await parallel(lambda tree: walk(tree, seen), trees, limit=limit)


async def do_catch(seen: list[str], tree: Tree) -> Any:
    try:
        return await walk(tree, seen)
    except Exception as error:
        return _spell(error)


async def do_queue(seen: list[str], *trees: Tree) -> Any:
    # 3.11's `wait_for` may swallow a cancellation, and what it was for then waits for room for ever
    queue: asyncio.Queue[Any] = asyncio.Queue(2 if sys.version_info >= (3, 12) else len(trees))

    async def produce(tree: Tree) -> None:
        await queue.put(_spell(await do_catch(seen, tree)))

    async with asyncio.TaskGroup() as group:
        for tree in trees:
            group.create_task(produce(tree))
        return [await queue.get() for _ in trees]


async def do_random(seen: list[str]) -> Any:
    return [current().random(), str(current().uuid4()), current().now()]


VERBS = {name.removeprefix("do_"): verb for name, verb in list(globals().items()) if name.startswith("do_")}


def _spell(result: Any) -> Any:
    return f"{type(result).__name__}: {result}" if isinstance(result, BaseException) else result


@workflow(name="walked")
async def walked(tree: Tree) -> list[str]:
    seen: list[str] = []
    try:
        await walk(tree, seen)
    except Exception as error:
        seen.append(_spell(error))
    return seen


leaves = st.one_of(
    st.tuples(st.just("step"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("sleep"), st.integers(0, 3)),
    st.tuples(st.just("random")),
)


PLAIN = ("sequence", "gather", "group", "first", "completed", "queue")
SINGLE = ("timeout", "wait_for", "catch")


def branches(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    plain = st.sampled_from(PLAIN)
    few = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        st.builds(lambda verb, trees: (verb, *trees), plain, few),
        st.builds(
            lambda verb, n, trees: (verb, n, *trees),
            st.sampled_from(["limited", "parallel"]),
            st.integers(1, 2),
            few,
        ),
        st.builds(
            lambda verb, n, tree: (verb, n, tree),
            st.sampled_from(["timeout", "wait_for"]),
            st.integers(0, 3),
            inner,
        ),
        st.builds(lambda tree: ("catch", tree), inner),
    )


small = st.one_of(leaves, branches(leaves))
trees = branches(st.one_of(small, branches(small))).map(lambda tree: json.loads(json.dumps(tree)))

PLUGINS = Plugins(installed=False)

WINDOWS = (1, 2, 5, retrieval.WINDOW)
"""How much of its record a run holds: next to nothing, or all of it."""


def grown(draw: random.Random, depth: int) -> Tree:
    """Return a tree that is larger than hypothesis likes to draw."""
    if depth == 0 or draw.random() < 0.15:
        leaf = draw.choice(["step", "step", "step", "sleep", "random"])
        return {
            "step": ["step", draw.randrange(10), draw.random() < 0.2],
            "sleep": ["sleep", draw.randrange(4)],
        }.get(leaf, [leaf])
    verb = draw.choice([*PLAIN, "limited", "parallel", "timeout", "wait_for", "catch"])
    inner = [grown(draw, depth - 1) for _ in range(1 if verb in SINGLE else draw.randrange(2, 5))]
    numbers = [] if verb in PLAIN or verb == "catch" else [draw.randrange(1, 4)]
    return [verb, *numbers, *inner]


@attrs.frozen
class Seen:
    output: list[str]
    order: list[tuple[str, str]]


async def _order(store: MemoryStore, run_id: str) -> list[tuple[str, str]]:
    read = await read_history(store, run_id, keep_entries=True)
    return [(entry.path, entry.status) for entry in read.history.pending]


async def live(store: MemoryStore, seed: int, tree: Tree) -> tuple[str, Seen]:
    worlds["now"] = World(seed)
    async with Runtime.open(Config(), store=store, plugins=PLUGINS, clock=worlds["now"]) as runtime:
        run = await runtime.run(walked, tree)
        return run.id, Seen(run.output, await _order(store, run.id))


async def resumed(store: MemoryStore, seed: int, run_id: str) -> Seen:
    entries = (await read_history(store, run_id, keep_entries=True)).entries
    worlds["now"] = World(seed, now_ns=max(entry.at_ns for entry in entries))
    async with Runtime.open(Config(), store=store, plugins=PLUGINS, clock=worlds["now"]) as runtime:
        run = await runtime.resume(run_id)
        return Seen(run.output, await _order(store, run.id))


async def check(seed: int, tree: Tree, window: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retrieval, "WINDOW", window)
        await asyncio.wait_for(check_all(seed, tree), 60)


async def check_all(seed: int, tree: Tree) -> None:
    calls.clear()
    store = MemoryStore()
    store.rows_at_a_time = 1 + seed % 4
    run_id, first = await live(store, seed, tree)
    made = list(calls)
    assert len(made) == len(set(made)), "a step was performed twice"

    async with Runtime.open(Config(), store=store, plugins=PLUGINS) as runtime:
        replayed = await runtime.replay(run_id)
    assert replayed.output == first.output
    assert calls == made, "a replay performed a step"

    rows = len(store.journals[run_id])
    for kept in range(1, rows):
        calls.clear()
        cut = store.crashed(run_id, kept)
        on_record = {path for path, _ in await _order(cut, run_id)}
        again = await resumed(cut, seed, run_id)
        assert again == first, f"resumed after {kept} of {rows} rows"
        assert not on_record & set(calls), "a step on record was performed again"


@settings(max_examples=10 * EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**16), tree=trees, window=st.sampled_from(WINDOWS))
def test_every_workflow_does_the_same_again(seed: int, tree: Tree, window: int) -> None:
    """Live, replayed, and resumed after every row, a workflow sees the same in the same order."""
    asyncio.run(check(seed, tree, window))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), window=st.sampled_from(WINDOWS))
def test_large_workflows_do_the_same_again(seed: int, window: int) -> None:
    """So do workflows of some dozens of steps, three levels deep."""
    asyncio.run(check(seed, grown(random.Random(seed), 3), window))


@pytest.mark.sweep
@pytest.mark.parametrize("first", range(0, 4000, 100))
def test_thousands_of_large_workflows_do_the_same_again(first: int) -> None:
    """So do thousands of them."""
    for seed in range(first, first + 100):
        asyncio.run(check(seed, grown(random.Random(seed), 3), WINDOWS[seed % len(WINDOWS)]))
