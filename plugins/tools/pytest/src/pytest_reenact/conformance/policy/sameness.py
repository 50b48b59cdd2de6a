"""The same call is decided the same, by whichever process, whatever else is judged meanwhile."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack

import attrs
from reenact.judging import Settlement, Stage, ToolRequest
from reenact.llm import LlmRequest, LlmResponse

from pytest_reenact.conformance.policy.calls import llm_calls, requests, responses, tool_requests
from pytest_reenact.conformance.policy.checks import Checks
from pytest_reenact.conformance.policy.table import CUT_OFF, RUN, Judged, Table, answered
from pytest_reenact.conformance.policy.values import spelled

_TYPES: Mapping[Stage, type] = {
    "request": LlmRequest,
    "admit": LlmRequest,
    "response": LlmResponse,
    "settle": Settlement,
    "tool": ToolRequest,
}


class Sameness(Checks):
    """What it decides again, and beside others."""

    def test_it_decides_the_same_again(self) -> None:
        """The same call in the same run is decided the same by another process, after a crash for example."""
        first = self.play(Table.judge_all)
        second = self.play(Table.judge_all)
        assert first == second

    def test_what_it_takes_in_changes_nothing_it_was_given(self) -> None:
        """The values that it judges belong to the run: it makes new ones."""
        answers = list(responses().values())
        ends = [*map(answered, answers), *CUT_OFF.values()]
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


def _of_run(table: Table, number: int) -> Table:
    """Return the same policy, met by a run of its own."""
    run = attrs.evolve(RUN, id=f"run-{number}", key=f"{number:032x}")
    return Table(table.policy, run=run)
