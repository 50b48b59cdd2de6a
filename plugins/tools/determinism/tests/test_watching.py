"""Looking on: what a finding says, what is left alone, and what is left behind."""

import asyncio
import random
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import reenact_determinism
from pytest_reenact.memory import MemoryStore
from reenact import (
    Config,
    LlmRequest,
    Plugins,
    Runtime,
    Status,
    approve,
    complete,
    current,
    llm,
    parallel,
    sleep,
    step,
    tool,
    user,
    wait_signal,
    workflow,
)
from reenact.errors import ConfigError
from reenact.scheduler import SkippingClock
from reenact.seams import Finding
from reenact_determinism import Determinism, DeterminismOptions, NotRepeatableError, noting

from conftest import Fake, Opened


def line_of(text: str) -> int:
    """Return the line of this file that holds *text* first."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


@step
async def work(value: Any = None) -> str:
    return str(value)


@pytest.fixture
def watch() -> Iterator[Determinism]:
    with Determinism(told=lambda _: None) as made:
        yield made


# --- what a finding says


def stamp() -> float:
    return time.time()  # the clock is read here


@workflow
async def stamps() -> str:
    return await work(stamp())  # the helper is called here


async def test_a_finding_names_the_line_that_did_it_and_the_workflows(
    opened: Opened, watch: Determinism
) -> None:
    """With what to do instead."""
    async with opened(watches=[watch]) as runtime:
        run = await runtime.run(stamps)

    (found,) = watch.findings
    first, last = line_of("# the clock is read here"), line_of("# the helper is called here")
    assert [(one.line, one.function) for one in found.lines] == [(first, "stamp"), (last, "stamps")]
    assert (found.kind, found.what, found.run_id, found.grave) == ("clock", "time.time()", run.id, False)
    assert f"test_watching.py:{first} in stamp: time.time() (clock), called from " in str(found)
    assert f"test_watching.py:{last} in stamps: current().now() is the run's time" in str(found)


async def branch(value: int) -> str:
    random.random()  # chance in a task
    return await work(value)


@workflow
async def spreads() -> None:
    await parallel(branch, [1, 2])  # the tasks are begun here


@workflow
async def gathers() -> None:
    async def inner() -> None:
        await asyncio.gather(branch(1))  # a task in a task

    async with asyncio.TaskGroup() as group:
        group.create_task(inner())  # the first task


async def test_what_a_task_does_is_followed_to_the_line_that_began_it(
    opened: Opened, watch: Determinism
) -> None:
    """Through as many tasks as there are."""
    async with opened(watches=[watch]) as runtime:
        await runtime.run(spreads)
        spread = watch.take()
        await runtime.run(gathers)
        gathered = watch.take()

    chance = line_of("# chance in a task")
    assert [[one.line for one in found.lines] for found in spread] == [
        [chance, line_of("# the tasks are begun here")]
    ]
    assert [[one.line for one in found.lines] for found in gathered] == [
        [chance, line_of("# a task in a task"), line_of("# the first task")]
    ]


@workflow
async def repeats() -> None:
    for _ in range(5):
        time.time()
        uuid.uuid4(), time.time()
        await work()


async def test_each_thing_is_found_once_for_each_line(opened: Opened, watch: Determinism) -> None:
    """However often it is done, in however many runs."""
    async with opened(watches=[watch]) as runtime:
        for _ in range(3):
            await runtime.run(repeats)

    assert [found.what for found in watch.findings] == ["time.time()", "uuid.uuid4()", "time.time()"]


async def test_findings_can_be_errors(opened: Opened) -> None:
    """The run is what it was; whoever ran it is told, all at once."""
    with Determinism(DeterminismOptions(mode="error"), told=lambda _: None) as watch:
        async with opened(watches=[watch]) as runtime:
            run = await runtime.run(repeats)

        assert run.status is Status.SUCCEEDED
        assert all(found.grave for found in watch.findings)
        with pytest.raises(NotRepeatableError, match=r"(?s)time\.time\(\).*uuid\.uuid4\(\)") as caught:
            watch.check()
        assert caught.value.findings == watch.findings


async def test_without_being_told_otherwise_it_logs(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    """A warning for each."""
    with Determinism() as watch:
        async with opened(watches=[watch]) as runtime:
            await runtime.run(stamps)
        watch.take()
        watch.check()

    (record,) = [one for one in caplog.records if one.name == "reenact.determinism"]
    assert record.levelname == "WARNING"
    assert "time.time() (clock)" in record.getMessage()


async def test_off_is_off(opened: Opened) -> None:
    """Nothing is looked at."""
    with Determinism(DeterminismOptions(mode="off")) as watch:
        async with opened(watches=[watch]) as runtime:
            await runtime.run(stamps)

    assert watch.findings == ()


# --- what is left alone


@tool
async def look_up(word: str) -> str:
    """Look a word up."""
    return word


@attrs.frozen
class Answer:
    text: str


@workflow
async def child(number: int) -> int:
    await work(number)
    return number


async def numbers() -> AsyncIterator[int]:
    for number in range(3):
        yield number
        await sleep(1)


@workflow
async def uses_everything() -> dict[str, Any]:
    here = current()
    made: dict[str, Any] = {"now": here.now(), "chance": here.random(), "id": str(here.uuid4())}
    made["llm"] = await llm("fake:m", "say something")
    made["complete"] = (await complete(LlmRequest(model="fake:m", messages=[user("more")]))).text
    made["answer"] = (await llm("fake:m", "as an object", output=Answer)).text
    made["tool"] = await look_up("word")
    made["kept"] = await work.keyed("key")("value")
    made["child"] = await child(1)
    made["several"] = await parallel(child, [2, 3], limit=1, key=str)
    made["numbers"] = [number async for number in numbers()]
    made["yes"] = await approve("go on?", show=made)
    made["signal"] = await wait_signal("news", str)
    queue: asyncio.Queue[str] = asyncio.Queue()
    lock, event = asyncio.Lock(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(queue.put(await work("queued")))
        group.create_task(asyncio.wait_for(event.wait(), 10))
        event.set()
    async with lock, asyncio.timeout(5):
        made["queued"] = await queue.get()
    made["first"] = [await one for one in asyncio.as_completed([work(1), work(2)])]
    done, _ = await asyncio.wait({asyncio.create_task(work(n)) for n in range(4)})
    made["done"] = sorted(task.result() for task in done)
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 1)
    except TimeoutError:
        made["late"] = True
    return made


async def test_nothing_is_found_in_what_the_runtime_offers(
    opened: Opened, fake: Fake, watch: Determinism
) -> None:
    """Every public function, and asyncio, live and on replay."""

    def answer(request: LlmRequest) -> str:
        return '{"text": "an object"}' if request.output_schema is not None else "text"

    fake.answer = answer
    async with opened(watches=[watch]) as runtime:
        run = await runtime.run(uses_everything)
        assert run.status is Status.WAITING, run.error
        await runtime.approve(run.id)
        await runtime.signal(run.id, "news", "good")
        run = await runtime.resume(run.id)
        assert run.output["answer"] == "an object"
        replayed = await runtime.replay(run.id)

    assert replayed.output == run.output
    assert [str(found) for found in watch.findings] == []


async def test_a_run_is_the_same_with_somebody_looking_on(opened: Opened, watch: Determinism) -> None:
    """It replays without, and the other way round."""
    async with opened(watches=[watch]) as runtime:
        run = await runtime.run(repeats)
    async with opened() as runtime:
        assert (await runtime.replay(run.id)).status is Status.SUCCEEDED
        other = await runtime.run(repeats)
    async with opened(watches=[watch]) as runtime:
        assert (await runtime.replay(other.id)).status is Status.SUCCEEDED


async def test_each_watch_sees_its_own_runtimes_runs(opened: Opened, watch: Determinism) -> None:
    """Two at a time, in one thread."""
    with Determinism(told=lambda _: None) as second:
        first = opened(watches=[watch], store=MemoryStore())
        async with first as one, opened(watches=[second], store=MemoryStore()) as other:
            await asyncio.gather(one.run(stamps), other.run(repeats))

    assert [found.lines[-1].function for found in watch.findings] == ["stamps"]
    assert {found.lines[-1].function for found in second.findings} == {"repeats"}


async def test_several_can_look_on_at_once(opened: Opened, watch: Determinism) -> None:
    """Each sees the turn."""
    seen: list[str] = []

    class Counts:
        findings: tuple[Finding, ...] = ()

        def look_on(self, turn: Any) -> None:
            seen.append("turn")
            turn()

    async with opened(watches=[watch, Counts()]) as runtime:
        await runtime.run(stamps)

    assert seen
    assert len(watch.findings) == 1


async def test_an_instrument_that_fails_changes_no_run(
    opened: Opened, watch: Determinism, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged."""

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the instrument is broken")

    monkeypatch.setattr(noting, "way_to", fail)
    async with opened(watches=[watch]) as runtime:
        run = await runtime.run(stamps)

    assert run.status is Status.SUCCEEDED
    assert "failed to look at something" in caplog.text


async def test_nothing_is_left_in_the_interpreter(opened: Opened) -> None:
    """When the last watch is closed; opened again, it sees again."""
    tools = _tools()
    for _ in range(2):
        with Determinism(told=lambda _: None) as watch:
            async with opened(watches=[watch], store=MemoryStore()) as runtime:
                await runtime.run(stamps)
            assert len(watch.findings) == 1
        assert _tools() == tools


def _tools() -> list[Any]:
    monitoring = getattr(sys, "monitoring", None)
    tools = [monitoring.get_tool(number) for number in range(6)] if monitoring else []
    return [sys.getprofile(), sys.gettrace(), *tools]


# --- as a plugin


async def test_the_configuration_switches_it_on(opened: Opened) -> None:
    """By its name, with its options."""
    plugins = Plugins(installed=False, extra=[reenact_determinism])
    config = Config(watches={"determinism": {"mode": "error"}})
    async with Runtime.open(config, store=MemoryStore(), plugins=plugins, clock=SkippingClock()) as runtime:
        await runtime.run(stamps)

        (watch,) = runtime.watches
        assert [found.grave for found in watch.findings] == [True]


async def test_a_wrong_option_is_refused(opened: Opened) -> None:
    """With its path."""
    plugins = Plugins(installed=False, extra=[reenact_determinism])
    config = Config(watches={"determinism": {"mode": "loud"}})

    with pytest.raises(ConfigError, match=r"watches\.determinism\.mode"):
        async with opened(config, plugins=plugins):
            pass
