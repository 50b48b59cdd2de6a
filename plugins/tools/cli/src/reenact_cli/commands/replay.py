"""``reenact replay``: run a workflow's code over its record."""

from typing import TYPE_CHECKING, Any

import click

from reenact_cli.session import Session, determinism_option, verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reenact.seams import Finding

    from reenact_cli.elsewhere import Elsewhere


@verb("replay", short_help="Run the code over a record; call nothing.")
@click.argument("run_id", metavar="RUN")
@click.argument("target", required=False)
@click.option(
    "--environments",
    type=click.IntRange(0, 1000),
    default=0,
    metavar="N",
    help="Replay in N more processes, with another hash seed, time zone and locale each.",
)
@determinism_option
def replay(session: Session, run_id: str, target: str | None, environments: int) -> int:
    """Run a workflow's code over the record of RUN: nothing is called, nothing is written.

    Exits with 0 if the code does what the record says, whatever the run came to, and with 3
    if it does not; both sides are shown. TARGET as in 'resume'.
    """
    return session.run(lambda: _replay(session, run_id, target, environments))


async def _replay(session: Session, run_id: str, target: str | None, environments: int) -> int:
    from reenact_cli.commands.resume import code_of, found
    from reenact_cli.watching import code_with, found_by, tell_findings

    record = await found(session, run_id)
    workflow = code_of(session, record, target)
    async with session.runtime() as runtime:
        try:
            run = await runtime.replay(record.id, workflow)
        except Exception:
            tell_findings(found_by(runtime))  # they may be why
            raise
    findings = found_by(runtime)
    elsewhere = await _elsewhere(session, [record.id, *([target] if target else [])], environments)
    _conclude(session, run, findings, elsewhere)
    return code_with(findings, _code(elsewhere))


async def _elsewhere(session: Session, arguments: "list[str]", count: int) -> "Sequence[Elsewhere]":
    if not count:
        return []
    from reenact_cli.elsewhere import replay_elsewhere

    return await replay_elsewhere([*session.options, *arguments], count)


def _code(elsewhere: "Sequence[Elsewhere]") -> int:
    if not elsewhere:
        return 0
    from reenact_cli.elsewhere import code_of

    return code_of(elsewhere)


def _conclude(
    session: Session, run: Any, findings: "list[Finding]", elsewhere: "Sequence[Elsewhere]"
) -> None:
    from reenact_cli.watching import tell_findings

    if session.as_json:
        _say_json(run, findings, elsewhere)
        return
    _tell(run)
    _tell_elsewhere(elsewhere)
    tell_findings(findings)
    _say_output(run)


def _tell(run: Any) -> None:
    from reenact_cli import words
    from reenact_cli.output import tell

    tell(f"run {words.clean(run.id)} replayed: the code does what the record says ({run.status})")
    if run.error is not None:
        tell(f"failed  {words.clean(type(run.error).__name__)}: {words.clean(run.error, 500)}")


def _tell_elsewhere(elsewhere: "Sequence[Elsewhere]") -> None:
    from reenact_cli.output import tell, tell_error
    from reenact_cli.words import clean

    if not elsewhere:
        return
    different: dict[str, list[Elsewhere]] = {}
    for one in elsewhere:
        if not one.agrees:
            different.setdefault(one.problem, []).append(one)
    agreeing = sum(one.agrees for one in elsewhere)
    tell(f"the same in {agreeing} of {len(elsewhere)} other environments")
    for problem, ones in different.items():
        more = f" and {len(ones) - 1} more" if len(ones) > 1 else ""
        tell_error(f"with {clean(ones[0].environment)}{more}: {problem}")


def _say_output(run: Any) -> None:
    from reenact_cli.driving import output_json
    from reenact_cli.output import say
    from reenact_cli.words import value_text

    output = output_json(run)
    if output is not None:
        say(value_text(output, most=10_000_000))


def _say_json(run: Any, findings: "list[Finding]", elsewhere: "Sequence[Elsewhere]") -> None:
    from reenact_cli.driving import ended_json
    from reenact_cli.elsewhere import elsewhere_json
    from reenact_cli.output import say_json
    from reenact_cli.watching import findings_json

    made = {**ended_json(run, []), "agrees": all(one.agrees for one in elsewhere)}
    if elsewhere:
        made["environments"] = elsewhere_json(elsewhere)
    if findings:
        made["findings"] = findings_json(findings)
    say_json(made)
