"""Several at once: tasks whose steps are numbered apart, and `parallel`."""

import asyncio
import contextvars
import functools
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from reenact.errors import UsageError
from reenact.scopes import Scope, current_scope

T = TypeVar("T")
R = TypeVar("R")


def spawn(scope: Scope, work: Callable[[], Coroutine[Any, Any, R]]) -> asyncio.Task[R]:
    """Start a task whose steps are numbered in *scope*, and which takes no number itself."""

    async def scoped() -> R:
        current_scope.set(scope)
        return await work()

    context = contextvars.copy_context()
    context.run(current_scope.set, Scope())
    return asyncio.get_running_loop().create_task(
        scoped(), name=scope.prefix.removesuffix("/"), context=context
    )


async def gather_or_cancel(tasks: list[asyncio.Task[R]]) -> list[R]:
    """Return the results in order; on the first failure cancel the rest, wait for them, and raise it."""
    try:
        if tasks:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    except GeneratorExit:
        raise  # the run was let go of, and nothing can be awaited any more
    except BaseException:
        await _cancel(tasks)
        raise
    await _cancel(tasks)
    failed = next((task for task in tasks if not task.cancelled() and task.exception()), None)
    if failed is not None:
        await failed
    return [task.result() for task in tasks]


async def _cancel(tasks: list[asyncio.Task[R]]) -> None:
    left = [task for task in tasks if not task.done()]
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left)


async def parallel(
    fn: Callable[[T], Coroutine[Any, Any, R]],
    items: Iterable[T],
    *,
    limit: int | None = None,
    key: Callable[[T], str] | None = None,
) -> list[R]:
    """Call *fn* with each of *items*, at most *limit* at once; return the results in the items' order.

    Each call has a scope of its own, named by *key* or by its position. The first failure
    cancels the others and is raised.

    Args:
        fn: A step, a workflow, or any async function that calls some.
        items: What to call it with.
        limit: Most calls at once; all if None.
        key: Names an item, so that its record is found again when others are inserted.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"parallel(limit={limit}): it must be at least 1, or None")
    outer = current_scope.get(None) or Scope()
    block = outer.path("parallel")
    places = asyncio.Semaphore(limit) if limit else None

    async def one(item: T) -> R:
        if places is None:
            return await fn(item)
        async with places:
            return await fn(item)

    names = Scope()
    tasks = []
    for index, item in enumerate(items):
        label = names.path("", key(item) if key else str(index))
        tasks.append(spawn(Scope(f"{block}{label}"), functools.partial(one, item)))
    return await gather_or_cancel(tasks)
