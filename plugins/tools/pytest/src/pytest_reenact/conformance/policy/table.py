"""A policy on the table: open, over a ledger of its own, with calls played through its stages.

The stages come in the order in which the kernel does them: the request, its admission, the
settling of what it cost, the answer; and calls of tools by themselves.
"""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import attrs
from reenact.judging import (
    Allow,
    Decision,
    Deny,
    Modify,
    Policy,
    PolicyContext,
    Settlement,
    Stage,
    ToolRequest,
    Wait,
)
from reenact.ledger import Holding, Later, LedgerFull
from reenact.llm import LlmRequest, LlmResponse, Usage
from reenact.policy import HOLDS_MAX, TIME_LIMIT_S
from reenact.records import RunRecord
from reenact.stores import RunWrite
from reenact.trace import TraceContext

from pytest_reenact.conformance.policy.calls import LlmCall, llm_calls, tool_requests
from pytest_reenact.memory import MemoryStore

WAITS_MAX = 20
START_NS = 1_800_000_000_000_000_000
OWNER = "pid 1 on here (aaaa)"

RUN = RunRecord(id="run-1", trace_id="ab" * 16, workflow="flow", key="5e" * 16, owner=OWNER, epoch=1)


@attrs.define
class SetClock:
    """A clock of the ledger that goes when the suite has it go.

    Attributes:
        at_ns: What time it is.
    """

    at_ns: int = START_NS

    def now_ns(self) -> int:
        """Return the time."""
        return self.at_ns

    async def sleep_until(self, due_ns: int) -> None:
        """Have it be that time."""
        await asyncio.sleep(0)
        self.at_ns = max(self.at_ns, due_ns)


@attrs.define
class Table:
    """A policy that is open, over a ledger of its own.

    Attributes:
        policy: The policy.
        store: Where it holds amounts.
        run: The run in which it is asked.
        clock: The clock of the ledger.
        known: What was taken out of the run's requests so far.
    """

    policy: Policy
    store: MemoryStore = attrs.field(factory=MemoryStore)
    run: RunRecord = RUN
    clock: SetClock = attrs.field(factory=SetClock)
    known: dict[str, Any] = attrs.field(factory=dict)

    def context(
        self,
        stage: Stage,
        number: int,
        secrets: dict[str, Any],
        value: Any,
        kept: list[Holding] | None = None,
        answer: bool | None = None,
    ) -> PolicyContext:
        """Return what the policy may know of the call with that number."""
        asks = stage != "tool"
        context = PolicyContext(
            stage=stage,
            run=self.run,
            trace=TraceContext(self.run.trace_id, self.run.id, f"llm#{number}", 1),
            provider="fake" if asks else "",
            model="m-1" if asks else "",
            request=value if asks else None,
            at_ns=self.clock.at_ns,
            clock=self.clock,
            attempt_id=f"{self.run.id}/{number}" if asks else "",
            answer=answer,
            hold=self.hold,
            held=self.held,
            price=price,
            secrets=secrets,
            known=self.known,
        )
        if stage != "settle" or kept is None:
            return context
        return attrs.evolve(context, keep=kept.append)

    async def held(self, account: str) -> int:
        """Return what an account holds now."""
        return await self.store.held(account, self.clock.at_ns)

    async def hold(self, *holdings: Holding) -> LedgerFull | Later | None:
        """Hold amounts, as the kernel does."""
        if self.run.id not in self.store.runs:
            create = RunWrite(run_id=self.run.id, epoch=1, create=True, run=self.run)
            assert list(await self.store.commit([create])) == [None]
        (answer,) = await self.store.commit([RunWrite(run_id=self.run.id, epoch=1, ledger=holdings)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def judge(self, call: LlmCall, number: int = 0, spent: Settlement | None = None) -> "list[Judged]":
        """Play a call through the stages; the first refusal ends it.

        Args:
            call: It.
            number: Tells it from others of the run.
            spent: What became of it, if it was not answered.
        """
        judged: list[Judged] = []
        secrets: dict[str, Any] = {}
        request = await self._asked(call.request, number, secrets, judged)
        if request is None:
            return judged
        ended = spent or answered(call.response)
        if "settle" in self.policy.stages and (ended.began or "admit" in self.policy.stages):
            kept: list[Holding] = []
            context = self.context("settle", number, secrets, request, kept)
            judged.append(Judged("settle", ended, await self.policy.evaluate(ended, context)))
            assert all(one.limit is None for one in kept), "what is kept asks for no limit"
            await self.hold(*kept)
        if spent is None and "response" in self.policy.stages and not _refused(judged):
            context = self.context("response", number, secrets, request)
            decision = await self.policy.evaluate(call.response, context)
            judged.append(Judged("response", call.response, decision))
        return judged

    async def _asked(
        self, request: LlmRequest, number: int, secrets: dict[str, Any], judged: "list[Judged]"
    ) -> LlmRequest | None:
        """Have the request judged and admitted; return what is sent, or None."""
        answer: bool | None = None
        if "request" in self.policy.stages:
            decision = await self.policy.evaluate(request, self.context("request", number, secrets, request))
            judged.append(Judged("request", request, decision))
            request = self._after(request, decision)
        for _ in range(WAITS_MAX if "admit" in self.policy.stages and not _refused(judged) else 0):
            context = self.context("admit", number, secrets, request, answer=answer)
            decision = await self._admitted(request, context, judged)
            if not isinstance(decision, Wait):
                request = self._after(request, decision)
                break
            answer = await self._waited(decision)
        return None if _refused(judged) else request

    async def _admitted(
        self, request: LlmRequest, context: PolicyContext, judged: "list[Judged]"
    ) -> Decision:
        """Have an attempt admitted, and what is wanted for it held: together, or else by itself."""
        at_ns = self.clock.at_ns
        decision = await self.policy.evaluate(request, context)
        judged.append(Judged("admit", request, decision, at_ns))
        if not (isinstance(decision, Allow) and decision.hold) or await self._fits(decision.hold):
            return decision
        decision = await self.policy.evaluate(request, context)
        for _ in range(HOLDS_MAX):
            if not (isinstance(decision, Allow) and decision.hold):
                break
            answer = await self.hold(*decision.hold)
            if answer is None:
                return decision
            full = Deny("what it wants to hold does not fit")
            decision = full if decision.otherwise is None else await decision.otherwise(answer)
        judged.append(Judged("admit", request, decision, at_ns))
        return decision

    async def _fits(self, wanted: Sequence[Holding]) -> bool:
        """Hold amounts as they are held together with those of others, now or not at all."""
        now_ns = max(one.at_ns for one in wanted)
        at_once = [one if one.limit is None else attrs.evolve(one, at_ns=now_ns, wait_ns=0) for one in wanted]
        return await self.hold(*at_once) is None

    def _after(self, request: LlmRequest, decision: Decision) -> LlmRequest:
        if not isinstance(decision, Modify):
            return request
        self.known.update(decision.restore)
        made: LlmRequest = decision.value
        return made

    async def _waited(self, wait: Wait) -> bool | None:
        """Let time go by until a call is to be asked again; return what a person has answered."""
        if wait.until_ns is not None:
            await self.clock.sleep_until(wait.until_ns)
        elif not wait.question and wait.sooner is not None:
            async with asyncio.timeout(TIME_LIMIT_S):
                await wait.sooner()
        return True if wait.question else None

    async def judge_tool(self, value: ToolRequest, number: int = 0) -> "list[Judged]":
        """Have the call of a tool judged, if the policy wants to."""
        if "tool" not in self.policy.stages:
            return []
        decision = await self.policy.evaluate(value, self.context("tool", number, {}, None))
        return [Judged("tool", value, decision)]

    async def judge_all(self) -> "list[Judged]":
        """Have everything judged that the suite has, one after the other."""
        judged = [one for n, (_, call) in enumerate(llm_calls()) for one in await self.judge(call, n)]
        for n, value in enumerate(tool_requests().values()):
            judged += await self.judge_tool(value, 1000 + n)
        return judged


@attrs.frozen
class Judged:
    """A value and what was decided about it, at what time."""

    stage: Stage
    value: Any
    decision: Decision
    at_ns: int = START_NS


def _refused(judged: "Sequence[Judged]") -> bool:
    """Say whether the latest decision keeps the call from going on."""
    return bool(judged) and isinstance(judged[-1].decision, (Deny, Wait))


def answered(response: LlmResponse) -> Settlement:
    """Return what became of an attempt that gave this answer."""
    return Settlement(began=True, usage=response.usage, cost_usd=response.cost_usd, response=response)


def price(usage: Usage) -> Decimal:
    """Return what the suite's model costs."""
    read, written = usage.input_tokens or 0, usage.output_tokens or 0
    return Decimal(read) / 1_000_000 + Decimal(written) / 100_000


CUT_OFF = {
    "it never began": Settlement(began=False),
    "it was refused": Settlement(
        began=True, usage=Usage(input_tokens=0, output_tokens=0), error="RateLimitedError"
    ),
    "it was cut off": Settlement(
        began=True, usage=Usage(input_tokens=12, output_tokens=3), error="ConnectionLostError"
    ),
    "nobody knows what it took": Settlement(began=True, usage=None, error="CancelledError"),
    "half of it is known": Settlement(
        began=True, usage=Usage(input_tokens=12, output_tokens=None), error="ConnectionLostError"
    ),
}
"""How attempts end that give no answer."""
