"""Looking on: what a finding says, whose code is whose, what is left alone, and what is left behind."""

import asyncio
import logging
import random
import sys
import time
import types
import uuid
import warnings
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
from reenact.opening import load_module
from reenact.scheduler import SkippingClock
from reenact.seams import Finding
from reenact_determinism import Determinism, DeterminismOptions, NotRepeatableError, noting
from reenact_determinism.places import Places

from conftest import Fake, Opened

log = logging.getLogger("flow")


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


# --- whose code is whose


class Fancy(logging.Handler):
    """A handler of the user's that reads the clock."""

    def emit(self, record: logging.LogRecord) -> None:
        time.time()


@workflow
async def talks() -> None:
    log.warning("at %s", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.warn("careful", stacklevel=1)
    try:
        raise ValueError
    except ValueError:
        log.exception("it broke")


async def test_what_logging_does_is_nobodys_business(opened: Opened, watch: Determinism) -> None:
    """Nor what it calls, be it the user's."""
    handler = Fancy()
    log.addHandler(handler)
    try:
        async with opened(watches=[watch]) as runtime:
            await runtime.run(talks)
    finally:
        log.removeHandler(handler)

    assert watch.findings == ()


SETTINGS = """
import os
import time
HOME = os.environ.get("HOME")
STARTED = time.time()

def now():
    return time.time()
"""


@workflow
async def imports() -> None:
    import late_settings  # type: ignore[import-not-found]  # written by the test

    late_settings.now()


async def test_what_a_module_does_when_it_is_imported_is_no_workflow(
    opened: Opened, watch: Determinism, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Be it imported late; what its functions do is."""
    (tmp_path / "late_settings.py").write_text(SETTINGS)
    monkeypatch.syspath_prepend(str(tmp_path))
    async with opened(watches=[watch]) as runtime:
        await runtime.run(imports)
    del sys.modules["late_settings"]

    (found,) = watch.findings
    assert (Path(found.lines[0].file).name, found.lines[0].line) == ("late_settings.py", 8)


LIBRARY = """
import time
def stamp():
    return _stamp()
def _stamp():
    return time.time()
"""
INSTALLED_FLOW = """
import time
from acme_lib import stamp
from reenact import step, workflow
@step
async def work() -> None: ...
@workflow
async def installed_flow() -> None:
    time.time()
    stamp()
    await work()
"""


def install(folder: Path, **modules: str) -> Path:
    """Write modules into a folder as installers make it."""
    packages = folder / "site-packages"
    packages.mkdir()
    for name, text in modules.items():
        (packages / f"{name}.py").write_text(text)
    return packages


async def test_what_a_library_does_is_put_down_to_the_users_line(
    opened: Opened, watch: Determinism, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a module that defines workflows is the user's, though it be installed."""
    packages = install(tmp_path, acme_lib=LIBRARY, acme_flow=INSTALLED_FLOW)
    monkeypatch.syspath_prepend(str(packages))
    flow = load_module("acme_flow", packages)
    async with opened(watches=[watch]) as runtime:
        await runtime.run(flow.installed_flow)
    for name in ("acme_lib", "acme_flow"):
        del sys.modules[name]

    own, through = watch.findings
    assert (own.what, own.lines[0].line) == ("time.time()", 9)
    assert (through.what, through.lines[0].line) == ("acme_lib.stamp(), by time.time()", 10)
    assert {Path(one.file).name for one in (*own.lines, *through.lines)} == {"acme_flow.py"}


async def test_a_module_can_be_allowed(opened: Opened) -> None:
    """With what it calls."""
    options = DeterminismOptions(allow=[__name__])
    with Determinism(options, told=lambda _: None) as watch:
        async with opened(watches=[watch]) as runtime:
            await runtime.run(stamps)

    assert watch.findings == ()


def test_code_that_was_typed_in_is_the_users() -> None:
    """In a shell, a notebook, a doctest; what dataclasses write is not."""
    places = Places()

    def place_of(name: str, qualname: str = "flow") -> str:
        made = eval(compile("lambda: __import__('sys')._getframe()", name, "eval"), {"__name__": "m"})  # noqa: S307
        code = made.__code__.replace(co_name=qualname.rpartition(".")[2], co_qualname=qualname)
        return places.of(types.FunctionType(code, made.__globals__)()).name

    assert [place_of(n) for n in ("<stdin>", "<ipython-input-1>", "<doctest x[0]>", "<string>")] == [
        "USER"
    ] * 4
    assert place_of("<string>", "__create_fn__.<locals>.__init__") == "LIBRARY"
    assert place_of("<attrs generated init m.C>") == "LIBRARY"


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
