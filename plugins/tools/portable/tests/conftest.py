"""Runs that are exported and imported: of every kind, and the stores they are kept in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
from pytest_reenact.memory import MemoryStore
from reenact import (
    LlmRequest,
    Modify,
    Plugins,
    Runtime,
    approve,
    llm,
    parallel,
    policy,
    step,
    wait_signal,
    workflow,
)
from reenact.config import Config
from reenact.llm import user
from reenact.scheduler import SkippingClock
from reenact.stores import Store
from reenact_sqlite import SqliteOptions, open_sqlite

ASKED = "the number is N-4711"


@step
async def long_text(number: int) -> str:
    return f"part {number} " + "é\u2028<b>" * 900


@workflow(name="p-child", version="3")
async def child(number: int) -> str:
    return await llm("fake:m", f"continue {number}: {await long_text(number)}")


@workflow(name="p-parent")
async def parent(count: int) -> list[str]:
    return await parallel(child, range(count))


@workflow(name="p-waits")
async def waits(question: str) -> str:
    said = await child(7)
    return f"{await wait_signal('news', str)} {len(said)}"


@workflow(name="p-asks")
async def asks(question: str) -> bool:
    await llm("fake:m", question)
    return bool(await approve(question, show={"a": [1, 2.5, None]}))


@workflow(name="p-several")
async def several(count: int) -> str:
    total = sum([len(await long_text(number)) for number in range(count)])
    return f"{total} {await wait_signal('go', str)}"


@step
async def breaks() -> int:
    raise ValueError("it broke")


@workflow(name="p-fails")
async def fails() -> int:
    await long_text(1)
    return await breaks()


@policy("no-numbers", stage="request", version="2")
def no_numbers(request: Any, context: Any) -> Any:
    if isinstance(request, LlmRequest) and "N-4711" in request.messages[-1].text:
        return Modify(attrs.evolve(request, messages=(user("[gone]"),)), "a number was taken out")
    return None


def opening(store: Store, fake: Any) -> Any:
    return Runtime.open(
        Config(),
        store=store,
        providers={"fake": fake},
        policies=[no_numbers],
        plugins=Plugins(installed=False),
        clock=SkippingClock(),
    )


@asynccontextmanager
async def in_memory(path: Path) -> AsyncIterator[Store]:
    yield MemoryStore()


@asynccontextmanager
async def on_disk(path: Path) -> AsyncIterator[Store]:
    async with open_sqlite(SqliteOptions(path=path)) as store:
        yield store


STORES = [in_memory, on_disk]
