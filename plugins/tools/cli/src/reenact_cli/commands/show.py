"""``reenact show``: a run as a tree, or one step of it in detail."""

import time
from typing import TYPE_CHECKING, Any

import click

from reenact_cli.session import Session, verb

if TYPE_CHECKING:
    from reenact.desk import Desk
    from reenact.views import RunView, StepView

_DECISIONS_MAX = 40


@verb("show", short_help="Show a run, or one step of it.")
@click.argument("run_id", metavar="RUN")
@click.argument("path", required=False)
def show(session: Session, run_id: str, path: str | None) -> int:
    """Show RUN as a tree of steps; with PATH one step: input, output, decisions, attempts."""
    return session.run(lambda: _show(session, run_id, path))


async def _show(session: Session, run_id: str, path: str | None) -> int:
    async with session.desk() as desk:
        if path is None:
            return await _show_run(session, desk, run_id)
        return await _show_step(session, desk, run_id, path)


# --- a run


async def _show_run(session: Session, desk: "Desk", run_id: str) -> int:
    from reenact_cli.journals import children, run_json, step_json
    from reenact_cli.output import say_json

    view = await desk.show(run_id)
    if session.as_json:
        import msgspec

        say_json(
            {
                "run": run_json(view.record),
                "input": view.input,
                "output": view.output,
                "failure": msgspec.to_builtins(view.failure) if view.failure else None,
                "steps": [step_json(step, content=False) for step in view.steps],
                "children": [run_json(child) for child in await children(desk.store, view.record)],
            }
        )
        return 0
    await _print_run(session, desk, view)
    return 0


async def _print_run(session: Session, desk: "Desk", view: "RunView") -> None:
    from reenact.records import Status

    from reenact_cli import words
    from reenact_cli.asking import how_to_answer
    from reenact_cli.board import Board
    from reenact_cli.driving import doubts
    from reenact_cli.journals import fill
    from reenact_cli.output import draw as picture
    from reenact_cli.output import say
    from reenact_cli.progress import heading
    from reenact_cli.tree import draw

    record = view.record
    board = Board(record.id)
    await fill(board, desk.store, record)
    now_ns = time.time_ns()
    picture(heading(board, now_ns))
    for name, value in _facts(view):
        say(f"  {name:<8} {value}")
    if len(board):
        picture(draw(board, now_ns))
    _print_decisions(view, session.again)
    if view.failure is not None:
        say(f"failed  {words.clean_lines(f'{view.failure.type}: {view.failure.message}')}")
    if view.output is not None:
        say(f"output  {words.value_text(view.output)}")
    if record.status is Status.WAITING:
        for line in how_to_answer(list(await desk.waits(record)), session.again):
            say(line)
    if record.status is Status.IN_DOUBT:
        for line in doubts(record, session.again):
            say(line)


def _print_decisions(view: "RunView", again: str) -> None:
    """Say what policies did about the steps of a run; that they let one pass is only counted."""
    from reenact_cli import words
    from reenact_cli.output import say

    decided = [(step.path, one) for step in view.steps for one in step.decisions]
    shown = [(path, one) for path, one in decided if one.verdict != "allow"]
    if not decided:
        return
    say("policies")
    for path, decision in shown[:_DECISIONS_MAX]:
        say(f"  {words.clean(path, 60)}  {_decided(decision)}")
    if len(shown) > _DECISIONS_MAX:
        say(f"  … {len(shown) - _DECISIONS_MAX} more")
    allowed = len(decided) - len(shown)
    if allowed:
        what = "1 decision to allow is" if allowed == 1 else f"{allowed} decisions to allow are"
        say(
            f"  {what} not shown; reenact show {words.quoted(view.record.id)} PATH{again} shows all of a step"
        )


def _facts(view: "RunView") -> list[tuple[str, str]]:
    from reenact_cli import words

    record = view.record
    facts = [
        ("started", words.moment(record.created_ns)),
        ("trace", words.clean(record.trace_id)),
        ("target", words.clean(record.target)),
        ("parent", words.clean(record.parent)),
        ("owner", words.clean(record.owner)),
        ("input", words.clean(_one_line(view.input), 200)),
    ]
    return [(name, value) for name, value in facts if value]


def _one_line(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, default=str)


# --- a step


async def _show_step(session: Session, desk: "Desk", run_id: str, path: str) -> int:
    from reenact.errors import UsageError, did_you_mean

    from reenact_cli.journals import step_json
    from reenact_cli.output import say_json

    view = await desk.show(run_id)
    step = view.step(path)
    if step is None:
        hint = did_you_mean(path, [one.path for one in view.steps])
        raise UsageError(
            f"run {view.record.id!r} has no step {path!r}{hint}; 'reenact show {view.record.id}' lists them"
        )
    entries = [entry for entry in view.entries if entry.path == step.path]
    if session.as_json:
        say_json(
            {
                "run_id": view.record.id,
                "step": step_json(step, content=True),
                "history": _history_json(entries),
            }
        )
        return 0
    _print_step(step, entries)
    return 0


def _history_json(entries: list[Any]) -> list[dict[str, Any]]:
    import msgspec
    from reenact.trace import iso_time

    return [
        {
            "seq": entry.seq,
            "at": iso_time(entry.at_ns),
            "status": entry.status.value,
            "attempt": entry.attempt,
            "generation": entry.generation,
            "note": entry.note,
            "failure": msgspec.to_builtins(entry.failure) if entry.failure else None,
        }
        for entry in entries
    ]


def _print_step(step: "StepView", entries: list[Any]) -> None:
    from reenact_cli import words
    from reenact_cli.output import say

    took = words.duration(step.ended_ns - step.started_ns) if step.ended_ns else ""
    price = words.cost(step.cost_usd) if step.tokens_in else ""
    figures = [step.status.value, took, words.tokens(step.tokens_in, step.tokens_out), price]
    say(f"{words.clean(step.path)}  {'  '.join(one for one in figures if one)}")
    facts = {
        "kind": step.kind if step.kind == step.name else f"{step.kind} {step.name}",
        "asked at": step.site,
        "effect": step.effect,
        "model": step.model,
        "input is": step.input_hash,
        "anew": f"{step.generation} times with another input" if step.generation else "",
        "note": step.note,
    }
    for name, value in facts.items():
        if value:
            say(f"  {name:<9} {words.clean(value)}")
    _print_history(entries)
    for decision in step.decisions:
        say(f"  policy    {_decided(decision)}")
    _print_value("input", step.input)
    if step.failure is not None:
        say(f"\nfailed\n{words.clean_lines(f'{step.failure.type}: {step.failure.message}')}")
    _print_value("output", step.output)


def _print_history(entries: list[Any]) -> None:
    from reenact_cli import words
    from reenact_cli.output import say

    say("  history")
    for entry in entries:
        said = [f"attempt {entry.attempt}", entry.note]
        if entry.failure is not None:
            said.append(f"{entry.failure.type}: {entry.failure.message}")
        detail = words.clean("  ".join(one for one in said if one), 200)
        say(f"    {words.moment(entry.at_ns)}  {entry.status.value:<9}  {detail}")


def _decided(decision: Any) -> str:
    """Spell one decision: stage, verdict, policy and version, reason, and how long it took."""
    from reenact_cli import words

    text = f"{decision.stage}: {decision.verdict} by {decision.policy} {decision.version}"
    reason = f", {decision.reason}" if decision.reason else ""
    return f"{words.clean(text + reason, 300)} ({decision.took_us:,} µs)"


def _print_value(name: str, value: Any) -> None:
    from reenact_cli import words
    from reenact_cli.output import say

    if value is not None:
        say(f"\n{name}\n{words.value_text(value)}")
