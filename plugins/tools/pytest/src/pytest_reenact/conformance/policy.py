"""What every policy must do. Inherit, say what you offer, and run pytest.

.. code-block:: python

    class TestMyPolicy(PolicyConformance):
        offer = Offer("no-competitors", open_it, Options)
        tables = ({"words": ["acme"]}, {"words": []})
        changes = frozenset()

The suite plays calls of many shapes through the policy's stages, in the order in which the
kernel does: the request, its admission, the settling of what it took, the answer; and calls
of tools by themselves. ``changes`` says what the policy may change; all else must stay.
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
from reenact.policy import TIME_LIMIT_S
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

STAGES: tuple[Stage, ...] = ("request", "admit", "settle", "response", "tool")
CALL_STAGES: tuple[Stage, ...] = STAGES[:4]
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


START_NS = 1_767_225_600_000_000_000


class Ticking:
    """The clock of the ledger, which goes on when it is looked at."""

    def __init__(self) -> None:
        self._now_ns = START_NS

    def now_ns(self) -> int:
        """Return the time."""
        self._now_ns += 1_000
        return self._now_ns

    async def sleep_until(self, due_ns: int) -> None:
        """Go on to a time."""
        await asyncio.sleep(0)
        self._now_ns = max(self._now_ns, due_ns)


def _price(usage: Usage) -> Decimal | None:
    """Price a token a millionth of a dollar."""
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    return Decimal(usage.input_tokens + usage.output_tokens) / 1_000_000


@attrs.define
class Table:
    """A policy that is open, over a ledger of its own.

    Attributes:
        policy: The policy.
        store: Where it holds amounts.
    """

    policy: Policy
    store: MemoryStore = attrs.field(factory=MemoryStore)
    run: RunRecord = RUN
    clock: Ticking = attrs.field(factory=Ticking)
    kept: list[Holding] = attrs.field(factory=list)

    def context(self, stage: Stage, number: int, secrets: dict[str, Any], value: Any) -> PolicyContext:
        """Return what the policy may know of the call with that number."""
        asks = stage != "tool"
        return PolicyContext(
            stage=stage,
            run=self.run,
            trace=TraceContext(self.run.trace_id, self.run.id, f"llm#{number}", 1),
            provider="fake" if asks else "",
            model="m-1" if asks else "",
            request=value,
            at_ns=START_NS,
            clock=self.clock,
            attempt_id=f"{self.run.id} llm#{number} 1",
            hold=self.hold,
            held=self.store.held,
            keep=self.kept.append,
            price=_price,
            secrets=secrets,
        )

    async def hold(self, *holdings: Holding) -> LedgerFull | Later | None:
        """Hold amounts, as the kernel does."""
        if self.run.id not in self.store.runs:
            create = RunWrite(run_id=self.run.id, epoch=1, create=True, run=self.run)
            assert list(await self.store.commit([create])) == [None]
        (answer,) = await self.store.commit([RunWrite(run_id=self.run.id, epoch=1, ledger=holdings)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def judge(self, call: LlmCall, number: int = 0) -> "list[Judged]":
        """Play a call through the stages; the first refusal ends it."""
        judged: list[Judged] = []
        secrets: dict[str, Any] = {}
        request, response = call.request, call.response
        for stage in CALL_STAGES:
            if stage not in self.policy.stages:
                continue
            asked = stage in ("request", "admit")
            value: Any = request if asked else response
            if stage == "settle":
                value = Settlement(
                    began=True, usage=response.usage, cost_usd=response.cost_usd, response=response
                )
            decision = await self.policy.evaluate(value, self.context(stage, number, secrets, request))
            judged.append(Judged(stage, value, decision))
            kept = [self.kept.pop() for _ in list(self.kept)]
            await self.hold(*kept)
            if isinstance(decision, (Deny, Wait)):
                break
            if isinstance(decision, Modify):
                request, response = (decision.value, response) if asked else (request, decision.value)
        return judged

    async def judge_tool(self, value: ToolRequest, number: int = 0) -> "list[Judged]":
        """Have the call of a tool judged, if the policy wants to."""
        if "tool" not in self.policy.stages:
            return []
        decision = await self.policy.evaluate(value, self.context("tool", number, {}, value))
        return [Judged("tool", value, decision)]

    async def judge_all(self) -> "list[Judged]":
        """Have everything judged that the suite has, one after the other."""
        judged = [one for n, (_, call) in enumerate(llm_calls()) for one in await self.judge(call, n)]
        for n, value in enumerate(tool_requests().values()):
            judged += await self.judge_tool(value, 1000 + n)
        return judged


@attrs.frozen
class Judged:
    """A value and what was decided about it."""

    stage: Stage
    value: Any
    decision: Decision


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
            if isinstance(decision, Wait):
                assert one.stage == "admit", "only admission waits"
                assert decision.ends, "it has the call wait for nothing that could happen"
            if isinstance(decision, Modify):
                assert one.stage != "settle", "what is settled cannot be changed"
                self.check_change(one.value, decision)
                check_detail(one.value, decision.detail)
            if not isinstance(decision, Allow):
                self.check_words(decision)

    def check_change(self, value: Any, decision: Modify[Any]) -> None:
        """Check that a change is of the same type, can be stored, and is only what it may be."""
        assert type(decision.value) is type(value)
        assert decision.value != value or decision.detail, "it changes nothing and puts nothing on record"
        spelled(decision.value)
        before, after = aspects(value), aspects(decision.value)
        changed = {name for name in before if before[name] != after[name]}
        assert changed <= self.changes, f"it changed {sorted(changed - self.changes)}, which it does not say"

    def check_words(self, decision: "Deny | Modify[Any] | Wait") -> None:
        """Check that a reason is one line for people, and that nothing sensitive is quoted."""
        reason = decision.reason
        assert isinstance(reason, str)
        assert reason.strip(), "it gives no reason"
        assert neutral(reason) == reason, "a reason is one line without control characters"
        assert len(reason) <= REASON_CHARS_MAX
        detail = decision.detail if isinstance(decision, Modify) else {}
        said = f"{reason} {json.dumps(detail, ensure_ascii=False)}".lower()
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
        values = [*requests().values(), *responses().values(), *tool_requests().values()]
        before = [spelled(value) for value in values]

        async def check(table: Table) -> None:
            for number, value in enumerate(values):
                for stage in table.policy.stages:
                    wanted: type = _TYPES[stage]
                    if isinstance(value, wanted):
                        await table.policy.evaluate(value, table.context(stage, number, {}, value))

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


def aspects(value: "LlmRequest | LlmResponse | ToolRequest") -> Mapping[str, Any]:
    """Return a value in the aspects that a policy can say it changes; together they are all of it."""
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
