"""Taking up what processes have left behind that are gone.

Some runs at a time; one that cannot be taken up keeps no other from it.
"""

import asyncio
import logging
from collections.abc import Callable

from reenact.records import RunRecord, Status
from reenact.runs import Runs
from reenact.steps import WorkflowSpec
from reenact.stores import RunFilter, Store
from reenact.views import Run

log = logging.getLogger("reenact")

RECOVER_AT_ONCE = 100

_RUNS_MAX = 1_000_000


async def recover(
    store: Store, runs: Runs, code_of: Callable[[RunRecord], WorkflowSpec]
) -> list[Run | BaseException]:
    """Resume every run whose owner is gone; see `Runtime.recover`.

    Args:
        store: Where they are.
        runs: Takes them up.
        code_of: Returns the code of a run, or raises.
    """
    found = await store.list(
        RunFilter(status=(Status.RUNNING, Status.WAITING), ownerless=True, limit=_RUNS_MAX, roots=True)
    )
    places = asyncio.Semaphore(RECOVER_AT_ONCE)

    async def one(record: RunRecord) -> Run | BaseException:
        async with places:
            try:
                started = await runs.take_up(record, code_of(record), None, suspend=True, recovering=True)
                return await runs.wait(started)
            except Exception as error:
                log.warning("run %s could not be recovered: %s", record.id, error)
                return error

    return list(await asyncio.gather(*(one(record) for record in found)))
