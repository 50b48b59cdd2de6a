"""Text that nobody has thought of, and text that is made to take long."""

import time

from hypothesis import HealthCheck, Phase, example, given, settings
from reenact.judging import ToolRequest
from reenact.llm import LlmMessage, LlmRequest, Part

from pytest_reenact.conformance.policy.calls import LlmCall, any_call, any_tool_request, responses
from pytest_reenact.conformance.policy.checks import Checks
from pytest_reenact.conformance.policy.table import Table

EXAMPLES = 60
PHASES = (Phase.explicit, Phase.generate, Phase.shrink)


class Texts(Checks):
    """What it does with any text at all."""

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
