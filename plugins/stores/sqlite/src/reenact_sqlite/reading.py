"""What is read from the database: runs, rows, content, messages."""

import sqlite3
from collections.abc import Iterable, Sequence

from reenact.content import Blob
from reenact.errors import DamagedError
from reenact.records import Message, Origin, Row, RunRecord, Status
from reenact.stores import RunFilter

from reenact_sqlite.blobs import read
from reenact_sqlite.ledger import Ledger
from reenact_sqlite.owners import Alive, boot_id, lease_clock_ns
from reenact_sqlite.schema import SEQ_BITS

RUN_COLUMNS = (
    "id, trace_id, workflow, version, target, key, parent, input_hash, created_ns, updated_ns, status, "
    "owner, epoch, steps, tokens_in, tokens_out, cost_usd, waits_for, origin"
)
_COLUMNS = [name.strip() for name in RUN_COLUMNS.split(",")]
_SELECT_RUN = (
    f"SELECT {RUN_COLUMNS}, coalesce(until_ns, 0), boot, ends_ns FROM runs LEFT JOIN owners USING (owner)"  # noqa: S608  # constants
)
_FOLLOWING = (
    "SELECT later.id FROM runs AS earlier JOIN runs AS later ON later.origin = ? AND later.origin <> '' "
    "WHERE earlier.id = ? AND earlier.status = 'succeeded'"
)

BOOT = boot_id()


class Reading:
    """Everything the store asks SQLite.

    Args:
        connection: In autocommit mode; used from one thread.
        where: What to call the database in an error.
        alive: Which owners live.
    """

    def __init__(self, connection: sqlite3.Connection, where: str, alive: Alive) -> None:
        self.db = self._db = connection
        self._where = where
        self._alive = alive
        self.ledger = Ledger(connection)

    def number(self, run_id: str) -> int | None:
        """Return the number of a run, or None."""
        found = self._db.execute("SELECT no FROM runs WHERE id = ?", (run_id,)).fetchone()
        return int(found[0]) if found is not None else None

    def row(self, run_id: str) -> Sequence[object] | None:
        """Return the columns of a run, its lease last; or None."""
        found: Sequence[object] | None = self._db.execute(f"{_SELECT_RUN} WHERE id = ?", (run_id,)).fetchone()
        return found

    def find(self, run_id: str) -> tuple[int, RunRecord, bool] | None:
        """Return a run with its number, and whether a live process has it; or None."""
        found = self.row(run_id)
        number = self.number(run_id)
        if found is None or number is None:
            return None
        run = self._run(found)
        return number, run, bool(run.owner) and self._lives(found)

    def load(self, run_id: str) -> RunRecord | None:
        """Return a run."""
        found = self.row(run_id)
        return self._run(found) if found else None

    def list(self, which: RunFilter) -> Sequence[RunRecord]:
        """Return runs, newest first."""
        condition, values = _asked_for(which)
        sql = f"{_SELECT_RUN} WHERE {condition} ORDER BY created_ns DESC, no DESC LIMIT ?"
        found = self._db.execute(sql, (*values, which.limit)).fetchall()
        if which.ownerless:
            dead = {str(row[11]): not (row[11] and self._lives(row)) for row in found}
            found = [row for row in found if dead[str(row[11])]]
        return [self._run(row) for row in found]

    def rows(self, run_id: str, start: int, limit: int) -> Sequence[Row]:
        """Return rows of a run from seq *start* on."""
        number = self.number(run_id)
        if number is None:
            return []
        base = number << SEQ_BITS
        found = self._db.execute(
            "SELECT id, body, checksum FROM entries WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
            (base + start, base + (1 << SEQ_BITS), limit),
        )
        return [Row(key - base, _as_bytes(body), _as_bytes(checksum)) for key, body, checksum in found]

    def recall(self, input_hash: str) -> tuple[str, int] | None:
        """Return the run and the position of an outcome that other runs may take."""
        found = self._db.execute(
            "SELECT runs.id, seq FROM reusable JOIN runs ON runs.no = run_no WHERE hash = ?",
            (bytes.fromhex(input_hash),),
        ).fetchone()
        return (str(found[0]), int(found[1])) if found else None

    def blobs(self, hashes: Iterable[str]) -> dict[str, Blob]:
        """Return the blobs that are there."""
        made: dict[str, Blob] = {}
        for name in hashes:
            try:
                key = bytes.fromhex(name)
            except ValueError:
                continue
            found = self._db.execute("SELECT form, data FROM blobs WHERE hash = ?", (key,)).fetchone()
            if found is not None:
                made[name] = read(name, *found)
        return made

    def messages(self, owner: str) -> Sequence[Message]:
        """Return messages for runs of *owner*."""
        found = self._db.execute(
            "SELECT messages.id, run_id, kind, name, body, at_ns FROM messages JOIN runs ON runs.id = run_id "
            "WHERE runs.owner = ? ORDER BY messages.id",
            (owner,),
        )
        return [Message(id=i, run_id=r, kind=k, name=n, body=b, at_ns=t) for i, r, k, n, b, t in found]

    def latest(self, run_id: str) -> str:
        """Return the last of the runs in which one goes on that has ended, or its own id."""
        passed: set[str] = set()
        while run_id not in passed:
            passed.add(run_id)
            found = self._db.execute(_FOLLOWING, (f"{Origin('continued', run_id)}", run_id)).fetchone()
            run_id = str(found[0]) if found else run_id
        return run_id

    def held(self, account: str, at_ns: int) -> int:
        """Return what *account* holds that does not end by *at_ns*."""
        return self.ledger.held(account, at_ns)

    def _run(self, row: Sequence[object]) -> RunRecord:
        """Return a run from the columns of its row.

        Raises:
            DamagedError: If somebody has changed them into what they cannot be.
        """
        fields = dict(zip(_COLUMNS, row, strict=False))
        try:
            fields["status"] = Status(str(fields["status"]))
            until_ns = int(str(row[len(_COLUMNS)])) if row[11] else 0
        except ValueError as error:
            raise DamagedError(self._where, f"run {str(row[0])[:40]!r} makes no sense: {error}") from error
        return RunRecord(**fields, until_ns=until_ns)  # type: ignore[arg-type]  # by columns

    def _lives(self, found: Sequence[object]) -> bool:
        owner, (boot, ends_ns) = str(found[11]), found[-2:]
        if ends_ns is None or boot != BOOT or int(str(ends_ns)) <= lease_clock_ns(BOOT):
            return False
        return not self._alive.gone(owner)


def _asked_for(which: RunFilter) -> tuple[str, list[object]]:
    """Return the condition that a run meets which *which* asks for, but for its owner, and its values."""
    clauses, values = ["1"], list[object]()
    if which.status:
        clauses.append(f"status IN ({','.join('?' * len(which.status))})")
        values += [str(Status(one).value) for one in which.status]
    if which.workflow:
        clauses.append("workflow = ?")
        values.append(which.workflow)
    if which.parent:
        clauses.append("(parent = ? OR parent LIKE ? ESCAPE '\\')")
        values += [which.parent, f"%/{_escaped(which.parent)}"]
    if which.origin:
        fork = f"fork:{which.origin}:"  # what follows are digits: run ids may hold colons
        clauses.append("(origin IN (?, ?) OR origin GLOB 'fork:*' AND rtrim(origin, '0123456789') = ?)")
        values += [f"rerun:{which.origin}", f"continued:{which.origin}", fork]
    if which.prefix:
        clauses.append("id LIKE ? ESCAPE '\\'")
        values.append(f"{_escaped(which.prefix)}%")
    if which.since_ns:
        clauses.append("created_ns >= ?")
        values.append(which.since_ns)
    if which.roots:
        clauses.append("parent = ''")
    return " AND ".join(clauses), values


def _as_bytes(value: object) -> bytes:
    """Return a column's value, which somebody may have changed into another type; its checksum will tell."""
    return value if type(value) is bytes else str(value).encode("utf-8", "replace")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
