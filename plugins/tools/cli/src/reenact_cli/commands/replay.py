"""``reenact replay``: run a workflow's code over its record."""

from typing import Any

import click

from reenact_cli.session import Session, verb


@verb("replay", short_help="Run the code over a record; call nothing.")
@click.argument("run_id", metavar="RUN")
@click.argument("target", required=False)
def replay(session: Session, run_id: str, target: str | None) -> int:
    """Run a workflow's code over the record of RUN: nothing is called, nothing is written.

    Exits with 0 if the code does what the record says, whatever the run came to, and with 3
    if it does not; both sides are shown. TARGET as in 'resume'.
    """
    return session.run(lambda: _replay(session, run_id, target))


async def _replay(session: Session, run_id: str, target: str | None) -> int:
    from reenact_cli import words
    from reenact_cli.commands.resume import code_of, found
    from reenact_cli.output import tell

    record = await found(session, run_id)
    workflow = code_of(session, record, target)
    async with session.runtime() as runtime:
        run = await runtime.replay(record.id, workflow)
    if session.as_json:
        _say_json(run)
        return 0
    tell(f"run {words.clean(run.id)} replayed: the code does what the record says ({run.status})")
    if run.error is not None:
        tell(f"failed  {words.clean(type(run.error).__name__)}: {words.clean(run.error, 500)}")
    _say_output(run)
    return 0


def _say_output(run: Any) -> None:
    from reenact_cli.driving import output_json
    from reenact_cli.output import say
    from reenact_cli.words import value_text

    output = output_json(run)
    if output is not None:
        say(value_text(output, most=10_000_000))


def _say_json(run: Any) -> None:
    from reenact_cli.driving import ended_json
    from reenact_cli.output import say_json

    say_json({**ended_json(run, []), "agrees": True})
