"""``reenact run``: run a workflow, and watch it."""

from typing import TYPE_CHECKING, Any

import click

from reenact_cli.session import Session, determinism_option, model_option, verb

if TYPE_CHECKING:
    from reenact.runtime import Runtime
    from reenact.views import Run
    from reenact.workflows import Workflow

    from reenact_cli.arguments import Given


@verb("run", short_help="Run a workflow.")
@click.argument("target")
@click.argument("arguments", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--input", "whole", metavar="JSON|@FILE", help="All arguments as a JSON object; @- reads stdin."
)
@click.option("--run-id", metavar="ID", help="Name the run; a known one with the same input is that run.")
@click.option("--yes", is_flag=True, help="Answer yes to every yes-or-no question.")
@click.option("--wait", is_flag=True, help="When it waits, stay until somebody answers elsewhere.")
@model_option
@determinism_option
def run(
    session: Session,
    target: str,
    arguments: tuple[str, ...],
    whole: str | None,
    run_id: str | None,
    yes: bool,
    wait: bool,
) -> int:
    """Run the workflow TARGET: file.py:function or module:function.

    KEY=VALUE gives an argument: text where the function's annotation says str, JSON
    elsewhere. The output goes to stdout, everything else to stderr. Ctrl-C once gives the
    run back, to be resumed; twice leaves at once.
    """
    from reenact_cli.arguments import read_arguments
    from reenact_cli.targets import load_target

    workflow, spelled = load_target(target, session.root)
    given = read_arguments(workflow.spec, arguments, whole)
    return session.run(lambda: _run(session, workflow, given, spelled, run_id, yes=yes, wait=wait))


async def _run(
    session: Session,
    workflow: "Workflow[..., Any]",
    given: "Given",
    spelled: str,
    run_id: str | None,
    *,
    yes: bool,
    wait: bool,
) -> int:
    from reenact_cli.driving import conclude, make_driver, told_if_stopped

    driver = make_driver(session, yes=yes, wait=wait)
    named = run_id or ""

    async def begin(runtime: "Runtime") -> "Run":
        nonlocal named
        handle = await runtime.start(
            workflow, given.args, given.kwargs, run_id=run_id, target=spelled, suspend=driver.suspend
        )
        named = driver.progress.board.run_id = handle.id
        driver.progress.began(handle.id)
        return await handle.wait()

    with told_if_stopped(session, lambda: named):
        async with session.runtime() as runtime:
            ended = await driver.drive(runtime, lambda: begin(runtime), workflow)
            return await conclude(session, runtime, ended)
