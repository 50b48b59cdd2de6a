"""A workflow whose steps note that they were done: one, two at once, and one after a while."""

import asyncio

from reenact import parallel, step, workflow

done: list[str] = []


@step
async def note(text: str) -> str:
    done.append(text)
    return text


@workflow(name="noting")
async def noting() -> list[str]:
    first = await note("a")
    both = await parallel(note, ["b", "c"])
    await asyncio.sleep(5)
    return [first, *both, await note("d")]
