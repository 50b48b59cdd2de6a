"""Keeping house: the lease of this process, and what others tell its runs."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping

from reenact.config import RuntimeOptions
from reenact.errors import LeaseLostError
from reenact.execution import Execution
from reenact.journal import lost_lease
from reenact.stores import Store

log = logging.getLogger("reenact.house")

_RENEWALS_PER_LEASE = 3
_LEASE_SAFE = 0.9
"""The part of a lease after which a process that cannot renew it lets go, before anybody may take over."""


class House:
    """Renews the lease of a process, and hands messages from outside to its runs.

    Args:
        store: Where leases and messages are.
        owner: How the process is called.
        options: How long, how often.
        active: The runs it has, by id.
    """

    def __init__(
        self, store: Store, owner: str, options: RuntimeOptions, active: Mapping[str, Execution]
    ) -> None:
        self._store = store
        self._owner = owner
        self._options = options
        self._active = active
        self._poke = asyncio.Event()
        self._hearing = False

    @property
    def hearing(self) -> bool:
        """Whether there are messages that the runs have not been told of."""
        return self._hearing or self._poke.is_set()

    def poke(self) -> None:
        """Look for messages now."""
        self._poke.set()

    async def keep(self) -> None:
        """Keep house until cancelled."""
        options = self._options
        renewed = time.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(options.poll_s):
                    await self._poke.wait()
            self._hearing = self._poke.is_set()
            self._poke.clear()
            now = time.monotonic()
            try:
                if now - renewed >= options.lease_s / _RENEWALS_PER_LEASE:
                    await self._renew(now - renewed)
                    renewed = now
                if self._active:
                    await self._hear()
            except Exception as error:
                log.warning("keeping house failed, trying again: %s", error)
                if now - renewed >= options.lease_s * _LEASE_SAFE:
                    self._let_go()
            self._hearing = False

    async def _renew(self, since_s: float) -> None:
        if since_s > self._options.lease_s:  # this process was stopped, or the machine asleep
            for execution in list(self._active.values()):
                record = await self._store.load(execution.run.id)
                if record is None or record.epoch != execution.run.epoch:
                    execution.abort(lost_lease(self._store.where, execution.run.id))
        await self._store.renew(self._owner, self._options.lease_s)

    def _let_go(self) -> None:
        for execution in list(self._active.values()):
            problem = f"run {execution.run.id!r} was let go: its lease could not be renewed"
            execution.abort(LeaseLostError(self._store.where, problem))

    async def _hear(self) -> None:
        for message in await self._store.messages(self._owner):
            execution = self._active.get(message.run_id)
            if execution is not None:
                execution.tell(message)
