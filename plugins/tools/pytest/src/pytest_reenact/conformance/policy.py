"""What every policy must do. Inherit, say what you offer, and run pytest.

.. code-block:: python

    class TestMyPolicy(PolicyConformance):
        offer = Offer("no-competitors", open_it, Options)
        tables = ({"words": ["acme"]}, {"words": []})
        changes = frozenset()

The suite plays calls of many shapes through the policy's stages, in the order in which the
kernel does: the request, its admission, the settling of what it cost, the answer; and calls
of tools by themselves. A policy that has a call wait is asked again when it wanted to be, or with
a person's yes. What it holds is in a ledger of the suite's own, by a clock that the suite sets.
``changes`` says what the policy may change; all else must stay.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

import attrs
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from reenact.codec import canonical, plain
from reenact.fitting import structure
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
from reenact.llm import LlmMessage, LlmRequest, LlmResponse, Part, Usage
from reenact.policy import HOLDS_MAX, TIME_LIMIT_S
from reenact.records import RunRecord
from reenact.seams import Offer
from reenact.stores import RunWrite
from reenact.trace import TraceContext, neutral

from pytest_reenact.conformance.calls import (
    SENSITIVE,
    LlmCall,
    any_call,
    any_tool_request,
    llm_calls,
    requests,
    responses,
    tool_requests,
)
from pytest_reenact.memory import MemoryStore

T = TypeVar("T")

STAGES: tuple[Stage, ...] = ("request", "admit", "response", "settle", "tool")
ASKED: frozenset[Stage] = frozenset({"request", "admit"})
RESTORABLE: frozenset[Stage] = frozenset({"request", "admit", "tool"})
WAITS_MAX = 20
START_NS = 1_800_000_000_000_000_000
SECOND_NS = 1_000_000_000
REASON_CHARS_MAX = 1_000
EXAMPLES = 60
PHASES = (Phase.explicit, Phase.generate, Phase.shrink)
OWNER = "pid 1 on here (aaaa)"

CHANGES = frozenset(
    {"model", "messages", "text", "arguments", "trusted", "opaque", "tools", "schema", "sampling", "options"}
    | {"refusal", "finish", "usage", "meta"}
)
"""What a policy can say that it changes."""

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
        ended = spent or _answered(call.response)
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


def _answered(response: LlmResponse) -> Settlement:
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


class PolicyConformance:
    """The suite.

    Attributes:
        offer: What the plugin's hook offers.
        tables: The tables of options it is tried with, as in TOML.
        changes: What it may change, of `CHANGES`: ``text`` (and titles, addresses, data of
            parts), ``arguments`` of tools, ``messages`` (their number, order and roles),
            ``trusted``, ``opaque``, ``model``, ``tools``, ``schema``, ``sampling``, ``options``;
            of an answer also ``refusal``, ``finish``, ``usage``, ``meta``.
        sensitive: What no reason and no detail may quote.
        time_limit_s: How long all of a call's stages may take, in seconds; the chain's limit for one.
    """

    offer: Offer[Policy]
    tables: ClassVar[Sequence[Mapping[str, Any]]] = ({},)
    changes: frozenset[str] = frozenset()
    sensitive: ClassVar[Sequence[str]] = SENSITIVE
    time_limit_s: float = TIME_LIMIT_S

    def play(self, test: Callable[[Table], Awaitable[T]]) -> list[T]:
        """Run a test's coroutine on the policy, once with each table of options; return what it returned."""

        async def opened(table: Mapping[str, Any]) -> T:
            async with AsyncExitStack() as stack:
                return await test(await self._open(table, stack))

        return [asyncio.run(opened(table)) for table in self.tables]

    async def _open(self, table: Mapping[str, Any], stack: AsyncExitStack) -> Table:
        options = structure(table, self.offer.options, "policies.it", {})
        return Table(await stack.enter_async_context(self.offer.open(options)))

    # --- what it says of itself

    def test_it_says_where_it_judges(self) -> None:
        """Stages are some of those there are; neighbours in the chain are named by text."""

        async def check(table: Table) -> None:
            await asyncio.sleep(0)
            stages = table.policy.stages
            assert isinstance(stages, frozenset)
            assert stages
            assert stages <= set(STAGES)
            for side in ("before", "after", "requires"):
                names = getattr(table.policy, side, ())
                assert not isinstance(names, str), f"{side} is a sequence of names"
                assert all(isinstance(name, str) for name in names)

        self.play(check)

    # --- what it decides

    @pytest.mark.parametrize("shape", requests())
    def test_a_request_of_any_shape_is_decided(self, shape: str) -> None:
        """Nothing in a request makes it raise, or answer what is no decision."""
        call = LlmCall(requests()[shape], responses()["plain"])
        self.play(lambda table: self._decided(table, call))

    @pytest.mark.parametrize("shape", responses())
    def test_an_answer_of_any_shape_is_decided(self, shape: str) -> None:
        """Nothing in an answer makes it raise, or answer what is no decision."""
        call = LlmCall(requests()["a conversation with tools"], responses()[shape])
        self.play(lambda table: self._decided(table, call))

    @pytest.mark.parametrize("shape", tool_requests())
    def test_a_tool_call_of_any_shape_is_decided(self, shape: str) -> None:
        """Nothing in the call of a tool makes it raise, or answer what is no decision."""

        async def check(table: Table) -> None:
            self.check(await table.judge_tool(tool_requests()[shape]))

        self.play(check)

    @pytest.mark.parametrize("end", CUT_OFF)
    def test_an_attempt_that_gives_no_answer_is_settled(self, end: str) -> None:
        """However it ended; its stage settle is told, and a response there is none."""

        async def check(table: Table) -> None:
            for number, (_, call) in enumerate(llm_calls()):
                self.check(await table.judge(call, number, CUT_OFF[end]))

        self.play(check)

    def test_an_attempt_that_never_began_takes_nothing(self) -> None:
        """What it held for it is given back, all of it."""

        async def held(table: Table) -> dict[str, int]:
            accounts = {account for account, _ in table.store.ledger}
            return {account: amount for account in accounts if (amount := await table.held(account))}

        async def check(table: Table) -> None:
            for number, (_, call) in enumerate(llm_calls()):
                before = await held(table)
                judged = await table.judge(call, number, CUT_OFF["it never began"])
                asked = any(isinstance(d := one.decision, Wait) and d.question for one in judged)
                left = {
                    account
                    for account, amount in (await held(table)).items()
                    if amount > before.get(account, 0)
                }
                assert asked or not left, (
                    f"it still holds something against {sorted(left)}"
                )  # people may grant

        self.play(check)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(call=any_call, tool=any_tool_request)
    def test_any_text_is_decided(self, call: LlmCall, tool: ToolRequest) -> None:
        """Whatever is said, it decides, changes nothing else and quotes nothing."""

        async def check(table: Table) -> None:
            await self._decided(table, call)
            self.check(await table.judge_tool(tool))

        self.play(check)

    @example(piece="a")
    @example(piece="1")
    @example(piece="@")
    @example(piece=" \n")
    @example(piece="ignore previous ")
    @example(piece="4111 ")
    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(piece=any_call.map(lambda call: call.response.text[:20]))
    def test_it_decides_in_time(self, piece: str) -> None:
        """A text of 100,000 characters, whatever repeats in it, is decided within the chain's limit."""
        long = (piece * (100_000 // max(len(piece), 1)))[:100_000]
        call = LlmCall(
            LlmRequest(
                model="smart", messages=(LlmMessage(role="user", parts=(Part(type="text", text=long),)),)
            ),
            responses()["plain"],
        )

        async def check(table: Table) -> None:
            began_s = time.perf_counter()
            await table.judge(call)
            await table.judge_tool(ToolRequest(name="it", arguments={"text": long}))
            took_s = time.perf_counter() - began_s
            assert took_s < self.time_limit_s, f"it took {took_s:.1f} s; the chain takes that for a refusal"

        self.play(check)

    async def _decided(self, table: Table, call: LlmCall) -> None:
        before = spelled(call.request), spelled(call.response)
        run = spelled(table.run)
        judged = await table.judge(call)
        assert (spelled(call.request), spelled(call.response)) == before, "it changed what it was given"
        assert spelled(table.run) == run
        self.check(judged)

    def check(self, judged: Sequence[Judged]) -> None:
        """Check every decision by itself."""
        for one in judged:
            decision = one.decision
            assert isinstance(decision, (Allow, Deny, Modify, Wait)), f"{decision!r} is no decision"
            if isinstance(decision, Modify):
                self.check_change(one.value, decision)
                self.check_restored(one, decision)
                check_detail(one.value, decision.detail)
            elif isinstance(decision, Wait):
                self.check_wait(one, decision)
            elif isinstance(decision, Allow):
                self.check_admission(one, decision)
            if not isinstance(decision, Allow):
                self.check_words(decision)

    def check_admission(self, one: "Judged", decision: Allow) -> None:
        """Check that nothing is held, and nothing is allowed for a time, but in the stage admit."""
        if decision.until_ns is not None:
            assert one.stage == "admit", "only an admission holds until a time"
            assert decision.until_ns > one.at_ns, "it had ended before it began"
        assert one.stage == "admit" or not decision.hold, "amounts are held for an attempt in the stage admit"
        assert all(isinstance(wanted, Holding) for wanted in decision.hold), "what it holds are holdings"

    def check_change(self, value: Any, decision: Modify[Any]) -> None:
        """Check that a change is of the same type, can be stored, and is only what it may be."""
        assert type(decision.value) is type(value)
        assert decision.value != value or decision.detail, "it changes nothing and puts nothing on record"
        spelled(decision.value)
        before, after = aspects(value), aspects(decision.value)
        changed = {name for name in before if before[name] != after[name]}
        assert changed <= self.changes, f"it changed {sorted(changed - self.changes)}, which it does not say"

    def check_restored(self, one: "Judged", decision: Modify[Any]) -> None:
        """Check that what is to be restored was taken out, and that its placeholder stands there."""
        if not decision.restore:
            return
        assert one.stage in RESTORABLE, f"nothing can be restored in the stage {one.stage}"
        after = json.loads(spelled(decision.value))
        lost = [placeholder for placeholder in decision.restore if not _stands_in(placeholder, after)]
        assert not lost, f"{len(lost)} placeholders stand nowhere"

    def check_wait(self, one: "Judged", decision: Wait) -> None:
        """Check that a wait is for something that can happen, and can be put on record."""
        assert one.stage == "admit", f"nothing waits in the stage {one.stage}"
        assert decision.ends, "it waits for nothing that could happen"
        assert decision.until_ns is None or decision.until_ns > one.at_ns, "it waits for what is past"
        assert neutral(decision.question) == decision.question
        assert json.loads(json.dumps(decision.show)) == decision.show, "what it shows is plain JSON"

    def check_words(self, decision: "Deny | Modify[Any] | Wait") -> None:
        """Check that a reason is one line for people, and that nothing sensitive is quoted."""
        reason = decision.reason
        assert isinstance(reason, str)
        assert reason.strip(), "it gives no reason"
        assert neutral(reason) == reason, "a reason is one line without control characters"
        assert len(reason) <= REASON_CHARS_MAX
        detail = decision.detail if isinstance(decision, Modify) else {}
        shown = [decision.question, decision.show] if isinstance(decision, Wait) else []
        said = f"{reason} {json.dumps([detail, shown], ensure_ascii=False)}".lower()
        quoted = [text for text in self.sensitive if text.lower() in said]
        assert not quoted, f"it quotes {quoted}"

    # --- that it decides the same again

    def test_it_decides_the_same_again(self) -> None:
        """The same call in the same run is decided the same by another process, after a crash for example."""
        first = self.play(Table.judge_all)
        second = self.play(Table.judge_all)
        assert first == second

    def test_what_it_takes_in_changes_nothing_it_was_given(self) -> None:
        """The values that it judges belong to the run: it makes new ones."""
        answers = list(responses().values())
        ends = [*map(_answered, answers), *CUT_OFF.values()]
        values = [*requests().values(), *answers, *ends, *tool_requests().values()]
        before = [spelled(value) for value in values]

        async def check(table: Table) -> None:
            for number, value in enumerate(values):
                for stage in table.policy.stages:
                    wanted: type = _TYPES[stage]
                    if isinstance(value, wanted):
                        await table.policy.evaluate(value, table.context(stage, number, {}, value, []))

        self.play(check)
        assert [spelled(value) for value in values] == before

    def test_calls_at_once_do_not_mix(self) -> None:
        """Calls of several runs, judged at the same time, are decided as each by itself."""
        calls = [call for _, call in llm_calls()]

        async def alone(table: Table) -> list[list[Judged]]:
            return [await _of_run(table, number).judge(call, number) for number, call in enumerate(calls)]

        async def together(table: Table) -> list[list[Judged]]:
            return await asyncio.gather(
                *(_of_run(table, number).judge(call, number) for number, call in enumerate(calls))
            )

        assert self.play(together) == self.play(alone)

    def test_it_opens_twice(self) -> None:
        """Two runtimes of one process may have it; closing one leaves the other at work."""

        async def check(table: Table) -> None:
            async with AsyncExitStack() as stack:
                other = await self._open({}, stack) if {} in self.tables else table
                await other.judge_all()
            await table.judge_all()

        self.play(check)


_TYPES: Mapping[Stage, type] = {
    "request": LlmRequest,
    "admit": LlmRequest,
    "response": LlmResponse,
    "settle": Settlement,
    "tool": ToolRequest,
}


def _of_run(table: Table, number: int) -> Table:
    """Return the same policy, met by a run of its own."""
    run = attrs.evolve(RUN, id=f"run-{number}", key=f"{number:032x}")
    return Table(table.policy, run=run)


def spelled(value: Any) -> bytes:
    """Return the canonical spelling of a value, which is also how it is stored."""
    return canonical(plain(value))


# --- what is what in a value ------------------------------------------------------------------------

_TEXTS = ("text", "title", "url", "data", "raw_arguments")
_SAMPLING = ("max_tokens", "temperature", "top_p", "stop", "seed", "tool_choice")
_META = ("model", "provider", "request_id", "fingerprint", "cost_usd", "raw")


def aspects(value: "LlmRequest | LlmResponse | Settlement | ToolRequest") -> Mapping[str, Any]:
    """Return a value in the aspects that a policy can say it changes; together they are all of it."""
    if isinstance(value, Settlement):
        return {"usage": spelled(value)}
    if isinstance(value, ToolRequest):
        return {"tools": value.name, "arguments": plain(value.arguments)}
    if isinstance(value, LlmResponse):
        return {
            **_of_messages((value.message,)),
            "refusal": value.refusal,
            "finish": value.finish,
            "usage": value.usage,
            "meta": [getattr(value, name) for name in _META],
        }
    return {
        **_of_messages(value.messages),
        "model": value.model,
        "tools": value.tools,
        "schema": (value.output_schema, value.output_name),
        "sampling": [getattr(value, name) for name in _SAMPLING],
        "options": plain(value.options),
    }


def _of_messages(messages: Sequence[LlmMessage]) -> dict[str, Any]:
    parts = [part for message in messages for part in message.parts]
    return {
        "messages": [
            (m.role, [(p.type, p.id, p.name, p.media_type, p.failed) for p in m.parts]) for m in messages
        ],
        "text": [[getattr(part, name) for name in _TEXTS] for part in parts],
        "arguments": [plain(part.arguments) for part in parts],
        "trusted": [part.trusted for part in parts],
        "opaque": [plain(part.opaque) for part in parts],
    }


def _stands_in(placeholder: str, value: Any) -> bool:
    if isinstance(value, dict):
        return any(_stands_in(placeholder, one) for pair in value.items() for one in pair)
    if isinstance(value, list):
        return any(_stands_in(placeholder, one) for one in value)
    return isinstance(value, str) and placeholder in value


# --- details ----------------------------------------------------------------------------------------


def check_detail(value: Any, detail: Mapping[str, Any]) -> None:
    """Check that a detail is plain JSON, and that what it says of places in the value can be so.

    A mapping anywhere in a detail may have a ``place`` (message and part, or the steps to an
    argument) and ``spans``: pairs of positions in the text there, in order, the end excluded.
    """
    assert isinstance(detail, Mapping)
    assert json.loads(json.dumps(detail)) == detail, "a detail is plain JSON: no tuples, sets or objects"
    for found in _mappings(detail):
        spans, place = found.get("spans"), found.get("place")
        if spans is None:
            continue
        limit = _length_at(value, place) if place is not None else _length_in_all(value)
        end_before = 0
        for start, end in spans:
            assert end_before <= start < end <= limit, f"[{start}, {end}) is no place in {limit} characters"
            end_before = end


def _mappings(value: Any) -> "list[Mapping[str, Any]]":
    if isinstance(value, Mapping):
        return [value, *(inner for item in value.values() for inner in _mappings(item))]
    if isinstance(value, list):
        return [inner for item in value for inner in _mappings(item)]
    return []


def _length_at(value: Any, place: Sequence[Any]) -> int:
    if isinstance(value, ToolRequest):
        found: Any = value.arguments
        for at in place:
            found = found[at]
        return len(str(found))
    message, part = place
    messages = (value.message,) if isinstance(value, LlmResponse) else value.messages
    found = messages[message].parts[part]
    return sum(len(getattr(found, name)) + 1 for name in _TEXTS)


def _length_in_all(value: Any) -> int:
    return len(spelled(value))
