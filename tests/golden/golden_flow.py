"""The workflow whose journals are kept beside it; it is not changed, so that they go on fitting.

It does with asyncio what workflows do, and puts on record what values there are.
"""

import asyncio
import enum
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
from reenact import approve, current, llm, parallel, sleep, step, tool, wait_signal, workflow


async def _at_once(path: str) -> None:
    """Take no turn: the steps do their work as they are asked."""


turn: Callable[[str], Awaitable[None]] = _at_once
"""Decides when a step ends; set by what records."""


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


@attrs.frozen
class Item:
    name: str
    price: Decimal
    colour: Colour
    at: datetime
    took: timedelta = timedelta(seconds=1)
    tags: tuple[str, ...] = ()
    note: str | None = None


@attrs.frozen
class Verdict:
    good: bool
    why: str


class Broken(Exception):
    """What failing steps raise."""


@step
async def work(value: int, fails: bool = False) -> int:
    await turn(current().path)
    if fails:
        raise Broken(f"step {value}")
    return value * 2


@step(retries=2)
async def flaky(value: int) -> int:
    await turn(current().path)
    if current().attempt < 3:
        raise Broken("not yet")
    return value


@step
async def make_item(name: str) -> Item:
    moment = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
    return Item(name, Decimal("12.50"), Colour.GREEN, moment, tags=("a", "ü", "\U0001f600"))


@step
async def make_text(size: int) -> str:
    return "0123456789" * size


@tool
async def look_up(word: str, limit: int = 3) -> dict[str, Any]:
    """Look a word up."""
    return {"word": word, "limit": limit, "found": [1.5, -0.0, 1e300, None, True]}


@workflow(name="golden_child")
async def child(number: int) -> int:
    if number < 0:
        raise Broken("a child failed")
    return await work(number) + await work(number + 1)


async def countdown(start: int) -> AsyncIterator[int]:
    try:
        for number in range(start, 0, -1):
            yield await work(number)
    finally:
        await work(0)


async def races(seen: list[Any]) -> None:
    tasks = [asyncio.create_task(work(n)) for n in range(4)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    seen.append(["first", [task.result() for task in done], len(pending)])
    for task in pending:
        task.cancel()
    seen.append(["cancelled", [str(e) for e in await asyncio.gather(*pending, return_exceptions=True)]])
    seen.append(["completed", [await one for one in asyncio.as_completed([work(n) for n in range(3)])]])
    seen.append(["gathered", await asyncio.gather(work(1), flaky(2), sleep(1, "slept"))])
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work(1))
            group.create_task(work(2, fails=True))
            group.create_task(sleep(60))
    except* Broken as errors:
        seen.append(["group", [str(error) for error in errors.exceptions]])


async def waits(seen: list[Any]) -> None:
    for seconds in (0.5, 2):
        try:
            async with asyncio.timeout(1):
                seen.append(["in time", await sleep(seconds, "slept")])
        except TimeoutError:
            seen.append(["timeout", seconds])
        try:
            seen.append(["waited", await asyncio.wait_for(sleep(seconds, "slept"), 1)])
        except TimeoutError:
            seen.append(["wait_for", seconds])
    shielded = asyncio.ensure_future(work(7))
    try:
        await asyncio.wait_for(asyncio.shield(shielded), 0)
    except TimeoutError:
        seen.append(["shielded", await shielded])
    seen.append(
        ["wait", [len(part) for part in await asyncio.wait([asyncio.create_task(sleep(3))], timeout=1)]]
    )


async def primitives(seen: list[Any]) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(1)
    places, lock, event = asyncio.Semaphore(2), asyncio.Lock(), asyncio.Event()
    condition, barrier = asyncio.Condition(), asyncio.Barrier(2)
    order: list[str] = []

    async def limited(number: int) -> None:
        async with places:
            await queue.put(await work(number))
        order.append(f"limited {number}")

    async def locked(number: int) -> None:
        async with lock:
            await work(number)
            order.append(f"locked {number}")
        await barrier.wait()
        event.set()

    async def notified() -> None:
        async with condition:
            await condition.wait()
            order.append("notified")

    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(limited(number))
        for number in range(2):
            group.create_task(locked(number))
        group.create_task(notified())
        order.extend([f"got {await queue.get()}" for _ in range(3)])
        await event.wait()
        async with condition:
            condition.notify_all()
    seen.append(["primitives", order])


async def values(seen: list[Any]) -> None:
    item = await make_item("thing")
    seen.append(
        ["item", item.price + 1 == Decimal("13.50"), item.colour.value, item.at.isoformat(), item.tags]
    )
    seen.append(["text", len(await make_text(1000)), await make_text(1)])
    seen.append(["tool", await look_up("word")])
    seen.append(["parallel", await parallel(work, [3, 4], limit=1, key=str)])
    seen.append(["keyed", await work.keyed("a/b#c")(5)])
    seen.append(
        ["children", await child(1), await asyncio.gather(child(2), child(-1), return_exceptions=True)]
    )
    seen.append(["numbers", [number async for number in countdown(2)]])
    async for number in countdown(3):
        seen.append(["left", number])
        break
    seen.append(["asked", await llm("fake:m", "what?"), (await llm("fake:m", "good?", output=Verdict)).why])
    here = current()
    seen.append(["journaled", here.now(), here.random(), str(here.uuid4())])


@workflow(name="golden", version="1")
async def golden(number: int) -> list[str]:
    seen: list[Any] = [["input", number]]
    try:
        await work(number, fails=True)
    except Broken as error:
        seen.append(["failed", str(error)])
    await races(seen)
    await waits(seen)
    await primitives(seen)
    await values(seen)
    seen.append(["approved", await approve("go on?", show=seen[0])])
    try:
        await wait_signal("news", str, timeout_s=5)
    except TimeoutError:
        seen.append(["no news"])
    return [repr(one) for one in seen]
