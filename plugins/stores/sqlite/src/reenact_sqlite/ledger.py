"""The ledger's part of what is said to SQLite; the transaction is the caller's."""

import sqlite3
from collections.abc import Sequence

from reenact.ledger import FOR_GOOD_NS, SUM_ID, Holding, Later, LedgerFull, Line, Placed, place

PRUNE_EVERY = 64
"""Groups of holdings after which lines that have ended are removed."""

PRUNE_AFTER_NS = 60_000_000_000
"""How long a line stays after it has ended."""


class Ledger:
    """Holds amounts against accounts.

    Args:
        connection: In a transaction whenever something is changed.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._groups = 0

    def apply(self, holdings: Sequence[Holding]) -> Later | LedgerFull | None:
        """Make and change holdings; those with a limit together, or nothing."""
        limited = [one for one in holdings if one.limit is not None]
        answer: Later | LedgerFull | None = None
        if limited:
            placed = self._at_once(limited) or place(limited, [self._lines(one) for one in limited])
            if isinstance(placed, LedgerFull):
                return placed
            self._keep(limited, placed.lines)
            asked_ns = max(one.at_ns for one in limited)
            answer = Later(placed.at_ns) if placed.at_ns > asked_ns else None
            self._prune(asked_ns)
        for one in holdings:
            if one.limit is None:
                self._change(one)
        return answer

    def _at_once(self, limited: Sequence[Holding]) -> Placed | None:
        """Place holdings that fit now and for which nobody waits, without reading every line."""
        now_ns = max(one.at_ns for one in limited)
        lines = []
        for one in limited:
            held, latest_ns = self._db.execute(
                "SELECT coalesce(sum(amount), 0), coalesce(max(at_ns), 0) FROM ledger "
                "WHERE account = ? AND until_ns > ? AND id <> ?",
                (one.account, now_ns, one.id),
            ).fetchone()
            if latest_ns > now_ns or held + one.amount > (one.limit or 0):
                return None
            until_ns = now_ns + one.for_ns if one.for_ns else FOR_GOOD_NS
            lines.append(Line(one.id, one.amount, now_ns, until_ns, now_ns))
        return Placed(now_ns, lines)

    def _lines(self, holding: Holding) -> Sequence[Line]:
        found = self._db.execute(
            "SELECT id, amount, at_ns, until_ns, asked_ns, queued FROM ledger "
            "WHERE account = ? AND (until_ns > ? OR id = ?)",
            (holding.account, holding.at_ns, holding.id),
        )
        return [Line(*row) for row in found]

    def _keep(self, holdings: Sequence[Holding], lines: Sequence[Line]) -> None:
        self._db.executemany(
            "INSERT INTO ledger (account, id, amount, at_ns, until_ns, asked_ns, queued) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, id) DO UPDATE SET amount = excluded.amount, "
            "at_ns = excluded.at_ns, until_ns = excluded.until_ns, queued = excluded.queued",
            [(holding.account, *line) for holding, line in zip(holdings, lines, strict=True)],
        )

    def _change(self, one: Holding) -> None:
        """Make a holding that asks for no limit, or change one that was made."""
        if one.amount == 0 or (one.settled and one.for_ns is None):
            self._db.execute("DELETE FROM ledger WHERE account = ? AND id = ?", (one.account, one.id))
        if one.amount:
            until_ns = one.at_ns + one.for_ns if one.for_ns else FOR_GOOD_NS
            summed = one.settled and one.for_ns is None
            self._db.execute(
                "INSERT INTO ledger (account, id, amount, at_ns, until_ns) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (account, id) DO UPDATE SET amount = excluded.amount + iif(id = '', amount, 0)",
                (one.account, SUM_ID if summed else one.id, one.amount, one.at_ns, until_ns),
            )

    def _prune(self, now_ns: int) -> None:
        """Remove what has ended, so that the table stays as long as the longest window."""
        self._groups += 1
        if self._groups % PRUNE_EVERY == 0:
            self._db.execute("DELETE FROM ledger WHERE until_ns < ?", (now_ns - PRUNE_AFTER_NS,))

    def held(self, account: str, at_ns: int) -> int:
        """Return what *account* holds that does not end by *at_ns*."""
        found = self._db.execute(
            "SELECT coalesce(sum(amount), 0) FROM ledger WHERE account = ? AND until_ns > ?", (account, at_ns)
        ).fetchone()
        return int(found[0])

    def time_ns(self, boot: str, since_boot_ns: int, now_ns: int) -> int:
        """Return the time that all processes of a boot agree on."""
        self._db.execute(
            "INSERT OR IGNORE INTO boots (boot, began_ns) VALUES (?, ?)", (boot, now_ns - since_boot_ns)
        )
        found = self._db.execute("SELECT began_ns FROM boots WHERE boot = ?", (boot,)).fetchone()
        return int(found[0]) + since_boot_ns
