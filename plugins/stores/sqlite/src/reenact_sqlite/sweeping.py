"""Deleting what removed runs leave, while others write.

Content may be needed by other runs, and a write that is on its way may be about to name it. So
it is deleted in steps, each a short transaction or a short read:

1. What the entries to be deleted name gets the *stamp* of the sweep, and so does what that
   refers to. A write that carries a stamped piece takes the stamp off.
2. All other entries and all content without the stamp are read. Stamped content that they name
   stays, and so does what it refers to.
3. What is not named and still has the stamp is deleted.

Why nothing goes that anybody needs: a row that was there when the last stamp was set is seen in
step 2. A row that came later either came with what it names, which took the stamp off, or its
run had named it before, in a row that is seen (`reenact.stores.RunWrite.blobs` asks for that).
Two sweeps at once have different stamps, so neither deletes what only the other has looked for.
One that was interrupted leaves stamps and numbers behind, which the next makes its own.
"""

import re
import secrets
from collections.abc import Iterable, Iterator

from reenact.stores import Swept

from reenact_sqlite.blobs import FORM_BITS, LEAF, SIGN, read
from reenact_sqlite.schema import SEQ_BITS
from reenact_sqlite.statements import Statements

CHANGED_AT_A_TIME = 500
"""Rows that one transaction changes: some milliseconds."""

READ_AT_A_TIME = 2000
BLOBS_READ_AT_A_TIME = 200
PAGES_AT_A_TIME = 256

_NAME = re.compile(rb'"(?:\$ref|\$chain|\$last|after)":"([0-9a-f]{64})"')

_FORM = (1 << FORM_BITS) - 1
_STAMP_BITS = 48


class Sweep:
    """One sweep.

    Args:
        statements: The connection; used from one thread.

    Attributes:
        rows: Entries deleted so far.
        blobs: Pieces of content.
        bytes: What they took.
    """

    def __init__(self, statements: Statements) -> None:
        self.rows = 0
        self.blobs = 0
        self.bytes = 0
        self._s = statements
        self._db = statements.db
        self._stamp = secrets.randbelow(1 << _STAMP_BITS) + 1
        self._stamped: dict[bytes, int] = {}
        self._needed: set[bytes] = set()
        self._others = False

    @property
    def swept(self) -> Swept:
        """What was deleted so far."""
        return Swept(rows=self.rows, blobs=self.blobs, bytes=self.bytes)

    def steps(self) -> Iterator[None]:
        """Do one step, and yield, so that others can write."""
        numbers = [no for (no,) in self._db.execute("SELECT no FROM removed ORDER BY no")]
        for number in numbers:
            yield from self._delete_entries(number)
        yield from self._stamp_all()
        if self._stamped:
            yield from self._look_in_entries()
            yield from self._look_in_content()
            self._follow_needed()
            yield from self._delete_content()
        yield from self._give_back()

    # --- entries

    def _delete_entries(self, number: int) -> Iterator[None]:
        base = number << SEQ_BITS
        left = True
        while left:
            with self._s.transaction() as db:
                found = db.execute(
                    "SELECT hash FROM reusable WHERE run_no = ? LIMIT ?", (number, CHANGED_AT_A_TIME)
                ).fetchall()
                db.executemany("DELETE FROM reusable WHERE hash = ?", found)
                left = len(found) == CHANGED_AT_A_TIME
            yield
        left = True
        while left:
            with self._s.transaction() as db:
                found = db.execute(
                    "SELECT id, body FROM entries WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
                    (base, base + (1 << SEQ_BITS), CHANGED_AT_A_TIME),
                ).fetchall()
                self._set_stamps({name for _, body in found for name in _names(body)})
                if found:
                    db.execute("DELETE FROM entries WHERE id >= ? AND id <= ?", (base, found[-1][0]))
                left = len(found) == CHANGED_AT_A_TIME
                if not left:  # the highest number stays, so that none is ever given out again
                    db.execute(
                        "DELETE FROM removed WHERE no = ? AND no < (SELECT max(no) FROM runs)", (number,)
                    )
            self.rows += len(found)
            self.bytes += sum(len(body) for _, body in found)
            yield

    # --- stamps

    def _set_stamps(self, names: Iterable[bytes]) -> None:
        stamp = self._stamp << FORM_BITS
        self._db.executemany(
            "UPDATE blobs SET form = (form & ?) | ? WHERE hash = ?",
            [(_FORM, stamp, name) for name in names],
        )

    def _stamp_all(self) -> Iterator[None]:
        """Stamp what others have left stamped, and all that stamped content refers to."""
        left = self._db.execute(f"SELECT hash FROM blobs WHERE form > {_FORM}").fetchall()  # noqa: S608  # a constant
        waiting = [name for (name,) in left]
        while waiting:
            some, waiting = waiting[:BLOBS_READ_AT_A_TIME], waiting[BLOBS_READ_AT_A_TIME:]
            with self._s.transaction():
                self._set_stamps(some)
                for name in some:
                    found = self._db.execute(
                        "SELECT no, form, data FROM blobs WHERE hash = ?", (name,)
                    ).fetchone()
                    if found is not None and found[1] >> FORM_BITS == self._stamp:
                        self._stamped[name] = found[0]
                        named = self._named_by(name, found[1], found[2])
                        waiting += [one for one in named if one not in self._stamped]
            yield

    def _named_by(self, name: bytes, form: int, data: object) -> list[bytes]:
        return [] if form & LEAF else _names(read(name.hex(), form, data).data)

    # --- looking

    def _look_in_entries(self) -> Iterator[None]:
        last = -1
        while True:
            found = self._db.execute(
                "SELECT id, CASE WHEN instr(body, ?) THEN body END FROM entries "
                "WHERE id > ? ORDER BY id LIMIT ?",
                (SIGN, last, READ_AT_A_TIME),
            ).fetchall()
            for _, body in found:
                if body is not None:
                    self._needed.update(name for name in _names(body) if name in self._stamped)
            if len(found) < READ_AT_A_TIME:
                return
            last = found[-1][0]
            yield

    def _look_in_content(self) -> Iterator[None]:
        last = -1
        while True:
            found = self._db.execute(
                "SELECT no, hash, form, data FROM blobs WHERE no > ? AND form & ? = 0 AND form >> ? <> ? "
                "ORDER BY no LIMIT ?",
                (last, LEAF, FORM_BITS, self._stamp, BLOBS_READ_AT_A_TIME),
            ).fetchall()
            for _, name, form, data in found:
                self._others = self._others or form > _FORM
                self._needed.update(one for one in self._named_by(name, form, data) if one in self._stamped)
            if len(found) < BLOBS_READ_AT_A_TIME:
                return
            last = found[-1][0]
            yield

    def _follow_needed(self) -> None:
        """Add what needed content refers to."""
        waiting = list(self._needed)
        while waiting:
            name = waiting.pop()
            found = self._db.execute("SELECT form, data FROM blobs WHERE hash = ?", (name,)).fetchone()
            for one in self._named_by(name, *found) if found else ():
                if one in self._stamped and one not in self._needed:
                    self._needed.add(one)
                    waiting.append(one)

    # --- deleting

    def _delete_content(self) -> Iterator[None]:
        stamped = list(self._stamped.items())
        for start in range(0, len(stamped), CHANGED_AT_A_TIME):
            with self._s.transaction():
                for name, number in stamped[start : start + CHANGED_AT_A_TIME]:
                    self._settle(name, number)
            yield

    def _settle(self, name: bytes, number: int) -> None:
        """Delete a piece that nobody needs, or take the stamp off; leave it if a write has taken it off."""
        mine = (number, name, FORM_BITS, self._stamp)
        if name in self._needed:
            if self._others:
                return  # perhaps only what another sweep is about to delete needs it; the next one will see
            self._db.execute(
                f"UPDATE blobs SET form = form & {_FORM} WHERE no = ? AND hash = ? AND form >> ? = ?",  # noqa: S608
                mine,
            )
            return
        found = self._db.execute(
            "DELETE FROM blobs WHERE no = ? AND hash = ? AND form >> ? = ? RETURNING length(data)", mine
        ).fetchone()
        if found is not None:
            self.blobs += 1
            self.bytes += found[0]

    def _give_back(self) -> Iterator[None]:
        """Give free pages at the end of the file back, a few at a time."""
        while (free := self._free_pages()) > 0:
            self._db.executescript(f"PRAGMA incremental_vacuum({PAGES_AT_A_TIME})")  # execute() does one page
            yield
            if self._free_pages() >= free:  # a database that was made without it, or others have freed more
                return

    def _free_pages(self) -> int:
        return int(self._db.execute("PRAGMA freelist_count").fetchone()[0])


def _names(spelled: object) -> list[bytes]:
    """Return the content that an entry or a piece of content names, and what looks as if it were named.

    By its bytes and not by its meaning, so that what is damaged loses nothing more.
    """
    data = spelled if isinstance(spelled, bytes) else str(spelled).encode("utf-8", "replace")
    return [bytes.fromhex(name.decode()) for name in _NAME.findall(data)]
