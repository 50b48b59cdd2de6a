"""What is done to the database, in the thread that has it: plain functions of a connection."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import attrs
from reenact.errors import RunConflictError, RunNotFoundError, RunOwnedError
from reenact.journal import lost_lease
from reenact.ledger import LedgerFull
from reenact.pruning import links
from reenact.records import Message, Row, RunRecord
from reenact.stores import CommitResult, RunWrite

from reenact_sqlite.blobs import FORM_BITS, spelled
from reenact_sqlite.owners import Alive, lease_clock_ns
from reenact_sqlite.reading import BOOT, RUN_COLUMNS, Reading
from reenact_sqlite.schema import SEQ_BITS

_FORM = (1 << FORM_BITS) - 1
_PUT_BLOB = (
    "INSERT INTO blobs (hash, form, data) VALUES (?, ?, ?) "  # noqa: S608  # constants
    f"ON CONFLICT (hash) DO UPDATE SET form = form & {_FORM} WHERE form > {_FORM}"
)
"""What is stored already is left as it is, but for the stamp of a sweep: it is needed."""

_NEXT_NUMBER = "1 + max(coalesce((SELECT max(no) FROM runs), 0), coalesce((SELECT max(no) FROM removed), 0))"
_CREATE_RUN = (
    f"INSERT INTO runs (no, {RUN_COLUMNS}) "  # noqa: S608  # constants
    f"VALUES ({_NEXT_NUMBER}, {', '.join('?' for _ in RUN_COLUMNS.split(','))})"
)


class _Batch:
    """The values of one commit, by statement."""

    __slots__ = ("blobs", "consumed", "handed", "released", "reusable", "rows", "runs")

    def __init__(self) -> None:
        self.rows: list[tuple[int, bytes, bytes]] = []
        self.blobs: list[tuple[bytes, int, bytes]] = []
        self.consumed: list[tuple[int]] = []
        self.handed: list[tuple[str, str]] = []
        self.runs: list[tuple[object, ...]] = []
        self.released: list[tuple[int]] = []
        self.reusable: list[tuple[bytes, int, int]] = []


class Statements(Reading):
    """Everything the store says to SQLite.

    Args:
        connection: In autocommit mode; used from one thread.
        where: What to call the database in an error.
        alive: Which owners live.
    """

    def __init__(self, connection: sqlite3.Connection, where: str, alive: Alive) -> None:
        super().__init__(connection, where, alive)
        self._numbers: dict[str, int] = {}
        self._epochs: dict[int, int] = {}
        self._data_version = -1

    # --- commits

    def commit(self, writes: Sequence[RunWrite]) -> list[CommitResult]:
        """Make *writes* in one transaction; answer for each."""
        try:
            return self._in_transaction(writes, careful=False)
        except sqlite3.IntegrityError:  # made before, by a commit whose end was not seen
            return self._in_transaction(writes, careful=True)

    def _in_transaction(self, writes: Sequence[RunWrite], *, careful: bool) -> list[CommitResult]:
        with self.transaction():
            self._forget_what_others_changed()
            batch = _Batch()
            results = [self._write(write, batch, careful=careful) for write in writes]
            self._put(batch)
        return results

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Make what is done in it durable together, or not at all."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        except BaseException:
            self.roll_back()
            raise

    def _forget_what_others_changed(self) -> None:
        """Drop what is known of epochs if another connection has written since it was read."""
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        if version != self._data_version:
            self._data_version = version
            self._epochs.clear()

    def roll_back(self) -> None:
        """Undo what was not committed."""
        self._numbers.clear()
        self._epochs.clear()
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _write(self, write: RunWrite, batch: "_Batch", *, careful: bool) -> CommitResult:
        """Check one write and put it into the batch, or say why it is refused."""
        number = self.number(write.run_id) if write.create else self._number(write.run_id)
        if write.create:
            if number is not None:  # made before, or another run
                made = self._has_rows(number, write.rows)
                return None if made else RunConflictError(write.run_id, "run under it")
            gone = self._gone(write)
            if gone:
                return RunNotFoundError(gone)
            number = self._create(write)
        elif number is None:
            return RunNotFoundError(write.run_id)
        elif self._epoch(number) != write.epoch:
            return lost_lease(self._where, write.run_id)
        if write.goes_on_as and self.number(write.goes_on_as) is None:
            return RunNotFoundError(write.goes_on_as)
        made, answer = careful and self._has_rows(number, write.rows), None
        if write.ledger and not made:
            answer = self.ledger.apply(write.ledger)
            if isinstance(answer, LedgerFull):
                return answer
        if not made:
            base = number << SEQ_BITS
            batch.rows += [(base + row.seq, row.body, row.checksum) for row in write.rows]
        batch.blobs += [spelled(blob) for blob in write.blobs]
        batch.reusable += [(bytes.fromhex(one), number, seq) for one, seq in write.reusable]
        batch.consumed += [(one,) for one in write.consumed]
        if write.goes_on_as:
            batch.handed.append((self.latest(write.goes_on_as), write.run_id))
        if write.run is not None and not write.create:
            batch.runs.append(_projection(number, write.run))
        if write.release:
            batch.released.append((number,))
        return answer

    def _gone(self, write: RunWrite) -> str:
        """Return a run that a new one needs and that is not there, or comes with it; empty if all are."""
        needed = links(write.run).shared if write.run is not None else ()
        return next((one for one in needed if self.number(one) is None), "")

    def _put(self, batch: "_Batch") -> None:
        """Say each kind of statement once for the whole batch."""
        for sql, values in (
            ("INSERT INTO entries (id, body, checksum) VALUES (?, ?, ?)", batch.rows),
            (_PUT_BLOB, batch.blobs),
            ("DELETE FROM messages WHERE id = ?", batch.consumed),
            ("UPDATE messages SET run_id = ? WHERE run_id = ? AND kind <> 'answer'", batch.handed),
            (
                "UPDATE runs SET updated_ns = ?, status = ?, steps = ?, tokens_in = ?, tokens_out = ?, "
                "cost_usd = ?, waits_for = ? WHERE no = ?",
                batch.runs,
            ),
            ("UPDATE runs SET owner = '' WHERE no = ?", batch.released),
            ("INSERT OR REPLACE INTO reusable (hash, run_no, seq) VALUES (?, ?, ?)", batch.reusable),
        ):
            if values:
                self._db.executemany(sql, values)

    def _number(self, run_id: str) -> int | None:
        """Return the number that a run had when it was last asked for; if it was removed, it has no epoch."""
        number = self._numbers.get(run_id)
        if number is None:
            number = self.number(run_id)
            if number is None:
                return None
            self._numbers[run_id] = number
            if len(self._numbers) > 100_000:  # noqa: PLR2004  # a bound, not a meaning
                self._numbers.clear()
        return number

    def forget_run(self, run_id: str) -> None:
        """Forget what is known of a run that is removed."""
        self._epochs.pop(self._numbers.pop(run_id, -1), None)

    def _epoch(self, number: int) -> int:
        epoch = self._epochs.get(number)
        if epoch is None:
            found = self._db.execute("SELECT epoch FROM runs WHERE no = ?", (number,)).fetchone()
            epoch = self._epochs[number] = int(found[0]) if found else -1
        return epoch

    def _create(self, write: RunWrite) -> int:
        run = write.run
        assert run is not None  # noqa: S101  # a new run comes with its record
        cursor = self._db.execute(
            _CREATE_RUN,
            (
                run.id,
                run.trace_id,
                run.workflow,
                run.version,
                run.target,
                run.key,
                run.parent,
                run.input_hash,
                run.created_ns,
                run.updated_ns,
                run.status.value,
                run.owner,
                run.epoch,
                run.steps,
                run.tokens_in,
                run.tokens_out,
                run.cost_usd,
                run.waits_for,
                run.origin,
            ),
        )
        number = self._numbers[run.id] = int(cursor.lastrowid or 0)
        self._epochs[number] = run.epoch
        return number

    def _has_rows(self, number: int, rows: Sequence[Row]) -> bool:
        if not rows:
            return False
        key = ((number << SEQ_BITS) + rows[-1].seq,)
        found = self._db.execute("SELECT checksum FROM entries WHERE id = ?", key).fetchone()
        return found is not None and found[0] == rows[-1].checksum

    # --- leases

    def renew(self, owner: str, ttl_s: float) -> None:
        """Extend the lease of *owner*."""
        self._alive.hold(owner)
        ttl_ns = int(ttl_s * 1e9)
        self._db.execute(
            "INSERT INTO owners (owner, until_ns, boot, ends_ns) VALUES (?, ?, ?, ?) ON CONFLICT (owner) "
            "DO UPDATE SET until_ns = excluded.until_ns, boot = excluded.boot, ends_ns = excluded.ends_ns",
            (owner, time.time_ns() + ttl_ns, BOOT, lease_clock_ns(BOOT) + ttl_ns),
        )

    def acquire(self, run_id: str, owner: str, ttl_s: float) -> RunRecord:
        """Take a run over."""
        with self.transaction():
            found = self.row(run_id)
            if found is None:
                raise RunNotFoundError(run_id)
            run = self._run(found)
            if run.owner and run.owner != owner and self._lives(found):
                raise RunOwnedError(run_id, run.owner, run.until_ns)
            self.renew(owner, ttl_s)
            self._db.execute("UPDATE runs SET owner = ?, epoch = epoch + 1 WHERE id = ?", (owner, run_id))
            self._epochs.clear()
            self._forget_dead(run.owner, owner)
        until_ns = time.time_ns() + int(ttl_s * 1e9)
        return attrs.evolve(run, owner=owner, epoch=run.epoch + 1, until_ns=until_ns)

    def _forget_dead(self, dead: str, owner: str) -> None:
        """Remove an owner from the list that has no run any more."""
        if dead and dead != owner:
            self._db.execute(
                "DELETE FROM owners WHERE owner = ? AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.owner = ?)",
                (dead, dead),
            )

    def forget(self, owner: str) -> None:
        """Remove *owner* from the list, unless a run is still its own."""
        self._forget_dead(owner, "")

    # --- the ledger, and messages

    def ledger_ns(self, boot: str, since_boot_ns: int, now_ns: int) -> int:
        """Return the time by the clock of the ledger."""
        return self.ledger.time_ns(boot, since_boot_ns, now_ns)

    def post(self, message: Message) -> int:
        """Keep a message; the run whose it is does not end in between."""
        with self.transaction():
            if self.number(message.run_id) is None:
                raise RunNotFoundError(message.run_id)
            run_id = message.run_id if message.kind == "answer" else self.latest(message.run_id)
            cursor = self._db.execute(
                "INSERT INTO messages (run_id, kind, name, body, at_ns) VALUES (?, ?, ?, ?, ?)",
                (run_id, message.kind, message.name, message.body, message.at_ns),
            )
        return int(cursor.lastrowid or 0)


def _projection(number: int, run: RunRecord) -> tuple[object, ...]:
    counts = (run.steps, run.tokens_in, run.tokens_out)
    return (run.updated_ns, run.status.value, *counts, run.cost_usd, run.waits_for, number)
