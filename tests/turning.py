"""Waiting without time: turns of the loop go by until something is so."""

import asyncio
from collections.abc import Callable

TURNS_MAX = 2000


async def until(true: Callable[[], object]) -> None:
    """Return when something is true.

    Raises:
        AssertionError: If it does not become true.
    """
    for _ in range(TURNS_MAX):
        if true():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never became true")
