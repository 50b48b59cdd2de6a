"""A plan of a re-run, for people and for programs."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from reenact.planning import Fate, Plan, PlannedStep

from reenact_cli import words
from reenact_cli.output import draw, say

if TYPE_CHECKING:
    from rich.table import Table

_WORDS: dict[Fate, tuple[str, str]] = {
    "taken": ("taken", "green"),
    "perhaps": ("perhaps", "yellow"),
    "runs": ("runs", "cyan"),
}


def plan_json(plan: Plan) -> dict[str, Any]:
    """Return a plan, plain."""
    return {
        "run_id": plan.run_id,
        "complete": plan.complete,
        "steps": [_step_json(step) for step in plan.steps],
        "runs": _sum_json(plan.of("runs")),
        "perhaps": _sum_json(plan.of("perhaps")),
        "taken": _sum_json(plan.of("taken")),
    }


def _step_json(step: PlannedStep) -> dict[str, Any]:
    made = {
        "path": step.path,
        "kind": step.kind,
        "name": step.name,
        "fate": step.fate,
        "why": step.why,
        "tokens": step.tokens,
        "cost_usd": _text(step.cost_usd),
        "tokens_most": step.tokens_most,
        "cost_most_usd": _text(step.cost_most_usd),
    }
    return made | ({"child": plan_json(step.plan)} if step.plan is not None else {})


def _sum_json(steps: Sequence[PlannedStep]) -> dict[str, Any]:
    return {
        "steps": len(steps),
        "tokens": sum(step.tokens for step in steps),
        "cost_usd": _text(_sum(step.cost_usd for step in steps if step.kind == "llm")),
        "tokens_most": _most(steps),
        "cost_most_usd": _text(_sum(step.cost_most_usd for step in steps if step.kind == "llm")),
    }


def _most(steps: Sequence[PlannedStep]) -> int | None:
    asked = [step.tokens_most for step in steps if step.kind == "llm"]
    return None if None in asked else sum(one or 0 for one in asked)


def _sum(costs: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum; unknown if any of it is."""
    total = Decimal(0)
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def tell_plan(plan: Plan) -> None:
    """Print what would be taken, what may run and what runs, with figures."""
    draw(_table(plan))
    if not plan.complete:
        say("… what follows depends on the outcome of what runs")
    for fate in ("taken", "perhaps", "runs"):
        steps = plan.of(fate)
        if steps:
            say(f"{_WORDS[fate][0]:8} {_figures(fate, steps)}")


def _figures(fate: Fate, steps: Sequence[PlannedStep]) -> str:
    asked = [step for step in steps if step.kind == "llm"]
    parts = [f"{len(steps)} step{'s' if len(steps) != 1 else ''}"]
    if asked:
        parts.append(f"{sum(step.tokens for step in asked):,} tokens on record")
        spent = _sum(step.cost_usd for step in asked)
        parts += [f"{words.cost(spent)} on record"] if spent else []
    if asked and fate != "taken":
        most, cost = _most(asked), _sum(step.cost_most_usd for step in asked)
        parts.append(f"at most {most:,} tokens" if most is not None else "no limit: max_tokens is not set")
        parts += [f"at most {words.cost(cost)}"] if cost else []
    return ", ".join(parts)


def _table(plan: Plan) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for name in ("step", "kind", "", "why"):
        table.add_column(name)
    _add(table, plan, 0)
    return table


def _add(table: "Table", plan: Plan, depth: int) -> None:
    from rich.text import Text

    for step in plan.steps:
        word, style = _WORDS[step.fate]
        table.add_row(
            f"{'  ' * depth}{words.clean(step.path, 70)}",
            step.kind,
            Text(word, style),
            words.clean(step.why, 90),
        )
        if step.plan is not None:
            _add(table, step.plan, depth + 1)
