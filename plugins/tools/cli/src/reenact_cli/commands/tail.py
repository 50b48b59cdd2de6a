"""``reenact tail``: follow a run that another process is running."""

import asyncio
from typing import TYPE_CHECKING, Any

import click

from reenact_cli.session import Session, verb

if TYPE_CHECKING:
    from reenact.desk import Desk
    from reenact.records import Entry, RunRecord


POLL_S = 0.2


@verb("tail", short_help="Follow a run that another process runs.")
@click.argument("run_id", metavar="RUN")
def tail(session: Session, run_id: str) -> int:
    """Print what becomes of the steps of RUN and of its child runs, until it ends.

    A run that waits is followed further, also when another process resumes it. With --json one
    object a line: each entry of the journal. Exits with what became of the run.
    """
    return session.run(lambda: _tail(session, run_id))


async def _tail(session: Session, run_id: str) -> int:
    from reenact_cli import codes
    from reenact_cli.output import say, say_json

    async with session.desk() as desk:
        record = await desk.find(run_id)
        follower = _Follower(session, desk, record.id)
        while True:
            record = await desk.find(record.id)
            await follower.step(record)
            if record.status.ended:
                break
            await asyncio.sleep(POLL_S)
        if session.as_json:
            from reenact_cli.journals import run_json

            say_json({"run": run_json(record)}, indent=None)
        else:
            say(f"run {record.id} {record.status.value}")
        return codes.of_run(record, follower.failure)


class _Follower:
    """Reads what is new in the journals of a run and its child runs."""

    def __init__(self, session: Session, desk: "Desk", run_id: str) -> None:
        from reenact_cli.board import Board

        self._session = session
        self._desk = desk
        self._board: Board = Board(run_id)
        self._next: dict[str, int] = {}
        self._told = ""
        self.failure: Any = None

    async def step(self, record: "RunRecord") -> None:
        """Print what is new."""
        from reenact_cli.journals import children

        await self._read(record)
        for child in await children(self._desk.store, record):
            await self.step(child)
        if record.id == self._board.run_id:
            self._tell_standstill(record)

    async def _read(self, record: "RunRecord") -> None:
        from reenact.records import RUN_PATH, decode_entry

        start = self._next.get(record.id, 0)
        async for rows in self._desk.store.rows(record.id, start):
            entries = [decode_entry(row.body) for row in rows]
            self._next[record.id] = rows[-1].seq + 1
            ends = [e.failure for e in entries if e.path == RUN_PATH and e.status.ended]
            if ends and record.id == self._board.run_id:
                self.failure = ends[-1]
            self._print(record, entries)

    def _print(self, record: "RunRecord", entries: "list[Entry]") -> None:
        from reenact_cli.output import say, say_json
        from reenact_cli.progress import spell_line

        if self._session.as_json:
            for entry in entries:
                say_json(_entry_json(record, entry), indent=None)
            return
        for entry in entries:
            for line in self._board.take(record, [entry]):
                say(spell_line(line, entry.at_ns))

    def _tell_standstill(self, record: "RunRecord") -> None:
        """Say once what a run waits for, or that no process has it."""
        from reenact_cli import words
        from reenact_cli.output import tell

        said = f"it is {record.status.value}, for {record.waits_for}" if record.waits_for else ""
        if not record.owner and not record.status.ended:
            how = f"reenact resume {record.id}{self._session.again}"
            said = f"{said or 'it has not ended'}; no process has it now: {how}"
        if said and said != self._told and not self._session.as_json:
            tell(words.clean(said))
        self._told = said


def _entry_json(record: "RunRecord", entry: "Entry") -> dict[str, Any]:
    import msgspec
    from reenact.trace import iso_time

    made: dict[str, Any] = {
        "run_id": record.id,
        "seq": entry.seq,
        "at": iso_time(entry.at_ns),
        "path": entry.path,
        "status": entry.status.value,
        "attempt": entry.attempt,
    }
    optional = {
        "kind": entry.kind,
        "name": entry.name,
        "model": entry.model,
        "tokens_in": entry.tokens_in,
        "tokens_out": entry.tokens_out,
        "cost_usd": entry.cost_usd,
        "note": entry.note,
        "failure": msgspec.to_builtins(entry.failure) if entry.failure else None,
    }
    return made | {key: value for key, value in optional.items() if value}
