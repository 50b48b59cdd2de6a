"""``approve``, ``signal``, ``cancel``, ``resolve``: tell a run something, from any process."""

from typing import TYPE_CHECKING, Any

import click

from reenact_cli.session import Session, verb

if TYPE_CHECKING:
    from reenact.desk import Desk
    from reenact.records import RunRecord


def read_value(text: str, option: str) -> Any:
    """Return the value that *text* spells in JSON.

    Raises:
        UsageError: If it is not JSON.
    """
    from reenact.errors import UsageError

    from reenact_cli.arguments import parse_json

    try:
        return parse_json(text)
    except ValueError as error:
        raise UsageError(
            f"{option} {text!r:.200} is not JSON: {error}; text needs quotes: '\"like this\"'"
        ) from error


@verb("approve", short_help="Answer a run that waits for a person.")
@click.argument("run_id", metavar="RUN")
@click.argument("path", required=False, default="")
@click.option("--answer", metavar="JSON", help="Another answer than yes.")
@click.option("--no", "refuse", is_flag=True, help="Answer no.")
def approve(session: Session, run_id: str, path: str, answer: str | None, refuse: bool) -> int:
    """Answer what RUN asks a person: yes, unless told otherwise. PATH says which wait, if there are several.

    A wait for a signal is not answered, but told: see 'signal'.
    """
    if refuse and answer is not None:
        raise click.UsageError("give --no or --answer, not both")
    value = read_value(answer, "--answer") if answer is not None else not refuse
    return session.run(lambda: _approve(session, run_id, path, value))


async def _approve(session: Session, run_id: str, path: str, value: Any) -> int:
    from reenact.errors import UsageError

    from reenact_cli.asking import how_to_answer
    from reenact_cli.output import tell

    async with session.desk() as desk:
        record = await desk.find(run_id)
        try:
            step = await desk.approve(record.id, value, path)
        except UsageError:
            for line in how_to_answer(list(await desk.waits(record)), session.again):
                tell(line)
            raise
        await _told(session, desk, record, f"answered {step.path}", {"path": step.path, "answer": value})
    return 0


@verb("signal", short_help="Send a run a signal.")
@click.argument("run_id", metavar="RUN")
@click.argument("name")
@click.argument("value", required=False, default="null", metavar="[JSON]")
def signal(session: Session, run_id: str, name: str, value: str) -> int:
    """Send RUN the signal NAME; it is kept until a wait of that name takes it."""
    return session.run(lambda: _signal(session, run_id, name, read_value(value, "the value")))


async def _signal(session: Session, run_id: str, name: str, value: Any) -> int:
    async with session.desk() as desk:
        record = await desk.signal(run_id, name, value)
        await _told(session, desk, record, f"sent {name}", {"signal": name, "value": value})
    return 0


@verb("cancel", short_help="Ask a run to end.")
@click.argument("run_id", metavar="RUN")
@click.option("--reason", default="", help="Goes on record.")
def cancel(session: Session, run_id: str, reason: str) -> int:
    """Ask RUN to end. Its workflow sees a cancellation and can clean up.

    The request is kept. A run that no process has is cancelled when it is resumed.
    """
    return session.run(lambda: _cancel(session, run_id, reason))


async def _cancel(session: Session, run_id: str, reason: str) -> int:
    async with session.desk() as desk:
        record = await desk.cancel(run_id, reason)
        await _told(session, desk, record, "asked to end", {"cancel": True, "reason": reason})
    return 0


async def _told(session: Session, desk: "Desk", record: "RunRecord", what: str, data: dict[str, Any]) -> None:
    """Say that a run was told something, and what has to be done for it to hear it."""
    from reenact_cli.output import say_json, tell
    from reenact_cli.words import clean, quoted

    live = await _is_live(desk, record)
    if session.as_json:
        say_json({"run_id": record.id, **data, "live": live})
        return
    tell(f"run {clean(record.id)}: {clean(what)}")
    if not live:
        tell(f"no process has it now; carry on with: reenact resume {quoted(record.id)}{session.again}")


async def _is_live(desk: "Desk", record: "RunRecord") -> bool:
    from reenact.stores import RunFilter

    free = await desk.store.list(RunFilter(prefix=record.id, ownerless=True))
    return record.id not in [one.id for one in free]


@verb("resolve", short_help="Decide about a step in doubt.")
@click.argument("run_id", metavar="RUN")
@click.argument("path")
@click.option("--done", metavar="JSON", help="It had its effect; this is its result.")
@click.option("--retry", is_flag=True, help="It had no effect; it runs again.")
@click.option("--fail", metavar="REASON", help="It failed.")
def resolve(session: Session, run_id: str, path: str, done: str | None, retry: bool, fail: str | None) -> int:
    """Put on record what became of the step at PATH, which was started and whose end nobody saw."""
    from reenact.desk import Resolution

    if sum((done is not None, retry, fail is not None)) != 1:
        raise click.UsageError("give one of --done VALUE, --retry and --fail REASON")
    value = read_value(done, "--done") if done is not None else None
    decided = Resolution(done=done is not None, value=value, retry=retry, fail=fail or "")
    return session.run(lambda: _resolve(session, run_id, path, decided))


async def _resolve(session: Session, run_id: str, path: str, decided: Any) -> int:
    async with session.desk() as desk:
        record = await desk.resolve(run_id, path, decided)
        verdict = "done" if decided.done else "retry" if decided.retry else "fail"
        await _told(
            session, desk, record, f"{path} is decided: {verdict}", {"path": path, "decision": verdict}
        )
    return 0
