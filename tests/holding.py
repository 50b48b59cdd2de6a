"""Amounts that policies hold for calls: policies that want some, calls, and a store that is watched."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import attrs
from pytest_reenact.memory import MemoryStore
from reenact import Allow, PolicyContext, Settlement, Status, llm, policy, workflow
from reenact.ledger import SUM_ID, Holding, Later, LedgerFull
from reenact.policy import OwnPolicy
from reenact.records import decode_entry
from reenact.stores import CommitResult, RunWrite

S = 1_000_000_000

Otherwise = Callable[[Later | LedgerFull], Awaitable[Any]]


class WatchedStore(MemoryStore):
    """Notes each commit, and looks after each write whether what is held can be settled by somebody.

    Attributes:
        batches: The writes of each commit.
        orphans: Holdings that were there before the entry that began their attempt.
        states: What a process that died after each commit would have left.
    """

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Sequence[RunWrite]] = []
        self.orphans: list[str] = []
        self.states: list[WatchedStore] = []

    async def commit(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
        self.batches.append(writes)
        answer = await super().commit(writes)
        self.states.append(self.left())
        return answer

    def left(self) -> "WatchedStore":
        """Return what would be left if the process died now."""
        made = WatchedStore()
        made.runs = {name: attrs.evolve(run, owner="") for name, run in self.runs.items()}
        made.journals = {name: list(rows) for name, rows in self.journals.items()}
        made.content, made.ledger = dict(self.content), self.ledger.copy()
        return made

    def _write(self, write: RunWrite) -> CommitResult:
        answer = super()._write(write)
        names = [name for lines in self.ledger.lines.values() for name in lines]
        self.orphans += [name for name in names if name != SUM_ID and not self.begun(name)]
        return answer

    def begun(self, attempt_id: str) -> bool:
        """Say whether the entry is on record that began an attempt."""
        run_id, path, seq = attempt_id.split(" ")
        rows = self.journals.get(run_id, [])
        entries = [decode_entry(row.body) for row in rows if row.seq == int(seq)]
        return [(one.path, one.status) for one in entries] == [(path, Status.RUNNING)]

    def held(self, account: str, at_ns: int = 0) -> Any:
        """Return what an account holds."""
        return super().held(account, at_ns)

    def sum_of(self, account: str) -> int:
        """Return what an account holds, settled or not."""
        return self.ledger.held(account, 0)


def budget(
    name: str, limit: int = 1_000, otherwise: Otherwise | None = None, *, amount: int = 10
) -> OwnPolicy:
    """Return a policy that reserves *amount* for each attempt, and settles for 3."""

    @policy(name, stage=["admit", "settle"])
    async def reserve(value: Any, context: PolicyContext) -> Any:
        if isinstance(value, Settlement):
            spent = 3 if value.began else 0
            context.keep(Holding(account=name, id=context.attempt_id, amount=spent, settled=value.began))
            return None
        now_ns = context.clock.now_ns()
        one = Holding(account=name, id=context.attempt_id, amount=amount, limit=limit, at_ns=now_ns)
        return Allow(hold=[one], otherwise=otherwise)

    return reserve


@workflow(name="holds-at-once")
async def at_once(count: int) -> list[str]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(llm("fake:m", f"q{i}")) for i in range(count)]
    return [task.result() for task in tasks]


@workflow(name="holds-one")
async def one_call() -> str:
    return await llm("fake:m", "hello")
