"""A gate before a provider: calls that wait in front of it, for a time or as somebody says."""

import asyncio
from collections.abc import Callable
from typing import Any

from pytest_reenact.memory import MemoryStore
from reenact import PolicyContext, Runtime, Settlement, Status, Wait, llm, policy, workflow
from reenact.ledger import Holding
from reenact.policy import OwnPolicy

S = 1_000_000_000
Judge = Callable[[Any, PolicyContext], Any]


@workflow(name="waits-one")
async def one_call() -> str:
    return await llm("fake:m", "hello")


def admitting(judge: Judge) -> tuple[OwnPolicy, list[Any]]:
    """Return a policy that admits as *judge* says, and a list of what it was asked and told."""
    seen: list[Any] = []

    @policy("gate", stage=["admit", "settle"])
    async def gate(value: Any, context: PolicyContext) -> Any:
        if isinstance(value, Settlement):
            seen.append((context.trace.path, context.trace.attempt, value))
            return None
        seen.append((context.trace.path, context.trace.attempt, context.attempt_id))
        answer = judge(value, context)
        return await answer if asyncio.iscoroutine(answer) else answer

    return gate, seen


def after(seconds: int) -> Judge:
    """Have each attempt wait so long when it is judged first."""

    def judge(_: Any, context: PolicyContext) -> Wait | None:
        if context.secrets.setdefault("asked", context.attempt_id) == context.attempt_id:
            context.secrets["asked"] = None
            return Wait(reason="a slot", until_ns=context.clock.now_ns() + seconds * S)
        return None

    return judge


def once_per_run(seconds: int, store: MemoryStore) -> Judge:
    """Have each attempt wait until a time that the ledger remembers."""

    async def judge(_: Any, context: PolicyContext) -> Wait | None:
        line = store.ledger.lines.get("gate", {}).get(context.attempt_id)
        now_ns = context.clock.now_ns()
        if line is None:
            await context.hold(Holding(account="gate", id=context.attempt_id, amount=1, at_ns=now_ns))
            return Wait(reason="a slot", until_ns=now_ns + seconds * S)
        left_ns = line.at_ns + seconds * S - now_ns
        return Wait(reason="a slot", until_ns=now_ns + left_ns) if left_ns > 0 else None

    return judge


async def until_waiting(runtime: Runtime, run_id: str) -> None:
    """Return when the first step of a run waits, on record."""
    while True:
        await asyncio.sleep(0)
        if await runtime.store.load(run_id) is not None:
            steps = (await runtime.show(run_id)).steps
            if steps and steps[0].status is Status.WAITING:
                return
