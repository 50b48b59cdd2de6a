"""``reenact fork`` and ``reenact rerun``: another run, made out of an old one."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reenact_cli.commands.resume import code_of, found
from reenact_cli.session import Session, model_option, verb

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from reenact.runtime import Runtime
    from reenact.views import Run
    from reenact.workflows import Workflow

FILE_BYTES_MAX = 100_000_000


@verb("fork", short_help="Run on from a step of a run, as another run.")
@click.argument("run_id", metavar="RUN")
@click.argument("target", required=False)
@click.option("--at", required=True, metavar="PATH", help="The step from which the new run is live.")
@click.option(
    "--patch",
    metavar="FILE",
    help='Outcomes that steps are given instead of being run: a JSON object, {"PATH": outcome}.',
)
@click.option("--yes", is_flag=True, help="Answer yes to every yes-or-no question.")
@click.option("--wait", is_flag=True, help="When it waits, stay until somebody answers elsewhere.")
def fork(
    session: Session, run_id: str, target: str | None, at: str, patch: str | None, yes: bool, wait: bool
) -> int:
    """Run on from the step at PATH of RUN, as a new run.

    What lies before PATH is shared with RUN and not done again. Two more things can be set:
    --set model=PROVIDER:MODEL asks that model from there on, and --set input.NAME=VALUE gives
    another argument, as long as that changes nothing before PATH. TARGET says where the
    workflow is, as for 'reenact resume'.
    """
    given = _read_patch(patch) if patch else {}
    return session.run(lambda: _fork(session, run_id, target, at, given, yes=yes, wait=wait))


async def _fork(
    session: Session,
    run_id: str,
    target: str | None,
    at: str,
    outputs: dict[str, Any],
    *,
    yes: bool,
    wait: bool,
) -> int:
    changes = session.taken_changes("model", "input")
    record = await found(session, run_id)
    workflow = code_of(session, record, target)
    inputs = _read_inputs(workflow, changes)
    name = _new_id()

    def begin(runtime: "Runtime") -> "Awaitable[Run]":
        return runtime.fork(
            record.id,
            at,
            workflow,
            model=changes.get("model", ""),
            inputs=inputs,
            outputs=outputs,
            as_id=name,
            suspend=not wait,
        )

    return await _drive(session, workflow, name, begin, yes=yes, wait=wait)


@verb("rerun", short_help="Run today's code over an old run; only what changed is run.")
@click.argument("run_id", metavar="RUN")
@click.argument("target", required=False)
@click.option("--plan", is_flag=True, help="Say what would be taken and what would run; run nothing.")
@click.option(
    "--allow-once", is_flag=True, help="Take also the outcomes of steps that must not happen twice."
)
@click.option("--yes", is_flag=True, help="Answer yes to every yes-or-no question.")
@click.option("--wait", is_flag=True, help="When it waits, stay until somebody answers elsewhere.")
@model_option
def rerun(
    session: Session,
    run_id: str,
    target: str | None,
    plan: bool,
    allow_once: bool,
    yes: bool,
    wait: bool,
) -> int:
    """Run today's code and configuration over RUN, as a new run.

    A step whose content RUN has on record takes its outcome from there, wherever it stands; the
    others are run. --set input.NAME=VALUE gives another argument. TARGET says where the workflow
    is, as for 'reenact resume'.
    """
    if plan:
        return session.run(lambda: _plan(session, run_id, target, allow_once=allow_once))
    return session.run(lambda: _rerun(session, run_id, target, allow_once=allow_once, yes=yes, wait=wait))


async def _rerun(
    session: Session, run_id: str, target: str | None, *, allow_once: bool, yes: bool, wait: bool
) -> int:
    changes = session.taken_changes("input")
    record = await found(session, run_id)
    workflow = code_of(session, record, target)
    inputs = _read_inputs(workflow, changes)
    name = _new_id()

    def begin(runtime: "Runtime") -> "Awaitable[Run]":
        return runtime.rerun(
            record.id, workflow, inputs=inputs, allow_once=allow_once, as_id=name, suspend=not wait
        )

    return await _drive(session, workflow, name, begin, yes=yes, wait=wait)


async def _plan(session: Session, run_id: str, target: str | None, *, allow_once: bool) -> int:
    from reenact_cli.output import say_json
    from reenact_cli.plans import plan_json, tell_plan

    changes = session.taken_changes("input")
    record = await found(session, run_id)
    workflow = code_of(session, record, target)
    inputs = _read_inputs(workflow, changes)
    async with session.runtime() as runtime:
        planned = await runtime.plan(record.id, workflow, inputs=inputs, allow_once=allow_once)
    if session.as_json:
        say_json(plan_json(planned))
    else:
        tell_plan(planned)
    return 0


async def _drive(
    session: Session,
    workflow: "Workflow[..., Any]",
    name: str,
    begin: "Callable[[Runtime], Awaitable[Run]]",
    *,
    yes: bool,
    wait: bool,
) -> int:
    from reenact_cli.driving import conclude, make_driver, told_if_stopped

    driver = make_driver(session, yes=yes, wait=wait)
    driver.progress.board.run_id = name
    with told_if_stopped(session, lambda: name):
        async with session.runtime() as runtime:
            driver.progress.began(name)
            ended = await driver.drive(runtime, lambda: begin(runtime), workflow)
            return await conclude(session, runtime, ended)


def _new_id() -> str:
    return secrets.token_hex(8)


def _read_inputs(workflow: "Workflow[..., Any]", changes: dict[str, str]) -> dict[str, Any]:
    """Return the arguments that were set, read by the types of the workflow's signature."""
    from reenact_cli.arguments import read_named

    texts = {key.removeprefix("input."): text for key, text in changes.items() if key.startswith("input.")}
    return read_named(workflow.spec, texts)


def _read_patch(name: str) -> dict[str, Any]:
    from reenact.errors import UsageError

    from reenact_cli.arguments import parse_json

    try:
        if Path(name).stat().st_size > FILE_BYTES_MAX:
            raise UsageError(f"{name} is larger than {FILE_BYTES_MAX} bytes")
        value = parse_json(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{name} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise UsageError(f'{name} must be a JSON object with a key for each step: {{"PATH": outcome}}')
    return value
