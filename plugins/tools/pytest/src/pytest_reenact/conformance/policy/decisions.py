"""Whatever it is asked, it answers with a decision, and where it says it does."""

import asyncio

import pytest
from reenact.judging import Stage

from pytest_reenact.conformance.policy.calls import LlmCall, requests, responses, tool_requests
from pytest_reenact.conformance.policy.checks import Checks
from pytest_reenact.conformance.policy.table import Table

STAGES: tuple[Stage, ...] = ("request", "admit", "response", "settle", "tool")


class Decisions(Checks):
    """What it decides, about values of every shape."""

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
