"""What the suite is told of a policy, and what has to be true of whatever that decides."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, ClassVar, TypeVar

from reenact.fitting import structure
from reenact.judging import Allow, Deny, Modify, Policy, Stage, Wait
from reenact.ledger import Holding
from reenact.policy import TIME_LIMIT_S
from reenact.seams import Offer
from reenact.trace import neutral

from pytest_reenact.conformance.policy.calls import SENSITIVE, LlmCall
from pytest_reenact.conformance.policy.table import Judged, Table
from pytest_reenact.conformance.policy.values import aspects, check_detail, spelled, stands_in

T = TypeVar("T")

RESTORABLE: frozenset[Stage] = frozenset({"request", "admit", "tool"})
REASON_CHARS_MAX = 1_000


class Checks:
    """What a suite of policies rests on: what it is told, and what it checks.

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
        lost = [placeholder for placeholder in decision.restore if not stands_in(placeholder, after)]
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
