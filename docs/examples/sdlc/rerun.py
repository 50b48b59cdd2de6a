"""What a changed prompt costs: run the workflow, change one agent's prompt, and re-run the run.

Only the agent whose prompt was changed is asked again. If it answers as before, nothing that
depends on its answers runs: no test suite, no reviewer, no person. Run it in this folder with
``python rerun.py``; no key and no network is needed.
"""

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import workflow
from reenact import Run, Runtime, StepView
from reenact.planning import Plan

CONFIG = Path(__file__).with_name("reenact.toml")


async def main() -> None:
    """Run, change, plan, re-run, and compare."""
    async with Runtime.open(CONFIG) as runtime:
        first = await develop(runtime)
        told("first run", await called(runtime, first))
        workflow.CODER = f"{workflow.CODER} Keep lines short."
        plan = await runtime.plan(first.id, workflow.develop)
        told_plan(plan)
        second = await runtime.rerun(first.id, workflow.develop)
        told("re-run", await called(runtime, second))
        told("saved", await taken(runtime, first, second))
        print("same outcome" if second.output == first.output else "another outcome")


async def develop(runtime: Runtime) -> Run:
    """Run the workflow, and take the patch."""
    run = await runtime.run(workflow.develop)
    await runtime.approve(run.id, True)
    return await runtime.resume(run.id)


async def called(runtime: Runtime, run: Run) -> list[StepView]:
    """Return the steps that were run for *run*."""
    return [one for one in (await runtime.show(run.id)).steps if is_work(one) and not one.taken]


async def taken(runtime: Runtime, first: Run, second: Run) -> list[StepView]:
    """Return the steps of the first run whose outcomes the second one took."""
    names = {one.taken for one in (await runtime.show(second.id)).steps}
    return [
        one
        for one in (await runtime.show(first.id)).steps
        if is_work(one) and f"{first.id}:{one.ended_seq}" in names
    ]


def is_work(one: StepView) -> bool:
    """Say whether a step is one that somebody or something had to do."""
    return one.kind not in ("timer", "decision")


def told(what: str, steps: Iterable[StepView]) -> None:
    """Print how many steps there were, and what those cost that asked a model."""
    steps = list(steps)
    asked = [one for one in steps if one.kind == "llm"]
    tokens = sum(one.tokens_in + one.tokens_out for one in asked)
    cost = sum((one.cost_usd or Decimal(0) for one in asked), Decimal(0))
    print(f"{what:10} {len(steps):3} steps  {len(asked):2} calls of models  {tokens:6,} tokens  ${cost:.4f}")


def told_plan(plan: Plan) -> None:
    """Print what the re-run would run, and what it would take if the answers stay the same."""
    runs = sorted({f"{one.kind} {one.name}" for one in plan.of("runs")})
    print(f"planned    {len(plan.of('runs')):3} steps run ({', '.join(runs)}),", end=" ")
    print(f"{len(plan.of('perhaps'))} perhaps, {len(plan.of('taken'))} are taken")


if __name__ == "__main__":
    asyncio.run(main())
