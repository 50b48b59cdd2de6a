"""``reenact resume``: carry on where a run stopped."""

from typing import TYPE_CHECKING, Any, Literal

import click

from reenact_cli.session import Session, determinism_option, model_option, verb

if TYPE_CHECKING:
    from reenact.records import RunRecord
    from reenact.workflows import Workflow


@verb("resume", short_help="Carry on where a run stopped.")
@click.argument("run_id", metavar="RUN")
@click.argument("target", required=False)
@click.option(
    "--on-changed-input",
    type=click.Choice(["reexecute", "fail"]),
    help="What to do about a step whose input is not the one on record.",
)
@click.option("--yes", is_flag=True, help="Answer yes to every yes-or-no question.")
@click.option("--wait", is_flag=True, help="When it waits, stay until somebody answers elsewhere.")
@model_option
@determinism_option
def resume(
    session: Session,
    run_id: str,
    target: str | None,
    on_changed_input: Literal["reexecute", "fail"] | None,
    yes: bool,
    wait: bool,
) -> int:
    """Carry on RUN where it stopped: steps on record are not run again.

    TARGET says where its workflow is (file.py:function or module:function). Without it, the
    one that 'reenact run' noted in the run is used, if it lies inside the project's folder,
    which is that of the configuration. A journal is data, and may come from somebody else:
    importing whatever it names would let it run any code on this machine.
    """
    return session.run(lambda: _resume(session, run_id, target, on_changed_input, yes=yes, wait=wait))


async def _resume(
    session: Session,
    run_id: str,
    target: str | None,
    on_changed: Literal["reexecute", "fail"] | None,
    *,
    yes: bool,
    wait: bool,
) -> int:
    from reenact_cli.driving import conclude, make_driver, told_if_stopped
    from reenact_cli.journals import fill

    record = await found(session, run_id)
    workflow = code_of(session, record, target)
    driver = make_driver(session, yes=yes, wait=wait)
    with told_if_stopped(session, lambda: record.id):
        async with session.runtime() as runtime:
            await fill(driver.progress.board, runtime.store, record)
            driver.progress.began(record.id)
            ended = await driver.drive(
                runtime,
                lambda: runtime.resume(
                    record.id, workflow, on_changed_input=on_changed, suspend=driver.suspend
                ),
                workflow,
            )
            return await conclude(session, runtime, ended)


async def found(session: Session, run_id: str) -> "RunRecord":
    """Return the run that is meant, before any of its code is loaded."""
    async with session.desk() as desk:
        return await desk.find(run_id)


def code_of(session: Session, record: "RunRecord", target: str | None) -> "Workflow[..., Any]":
    """Return a run's workflow: the one that is named, or the one on record."""
    from reenact_cli.targets import load_recorded, load_target

    if target is not None:
        return load_target(target, session.root)[0]
    return load_recorded(record.target, session.root, record.id)
