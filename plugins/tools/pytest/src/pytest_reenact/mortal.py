"""A store that dies at a chosen write, and knows what was under way.

Points are counted over the writes of a test from 0, two for each: at an even point the
process dies before the write is made, and what the steps did is not on record; at an odd
one after it, and nobody has begun what it says.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from reenact.errors import StoreError
from reenact.records import RUN_PATH, Entry, Status
from reenact.stores import CommitResult, RunWrite

from pytest_reenact.ends import Key, decoded, entries_of
from pytest_reenact.memory import MemoryStore

PERFORMED = frozenset({"llm", "tool", "step"})


class Mortal:
    """Has a store die at a write.

    Args:
        store: The store; its writes go through here from now on.
        points: The points at which it dies, one for each life.

    Attributes:
        writes: How many writes were made in each life.
        deaths: How often it died.
        dead: Whether nothing more is written until it is revived.
        steps: What each step is, as its first entry says.
        begun: How often the work of each step began, as far as its beginning was on record.
        cut_off: For each run, positions of entries that say a step begins, when the process died before it
            did; or before its end was on record, if it may be repeated.
        lost: What steps came to of which nothing is on record.
        settled: Steps that had succeeded on record when it died.
        ended: Steps that had ended on record when it died.
        failed: Attempts that had failed on record when it died: run, path and number.
        again: Steps whose work began again, although they were settled.
        in_flight: Steps whose work had begun when it died and whose end was not on record, in words.
    """

    def __init__(self, store: MemoryStore, points: Sequence[int]) -> None:
        self.store = store
        self.points = list(points)
        self.writes = [0]
        self.deaths = 0
        self.dead = False
        self.begun: Counter[Key] = Counter()
        self.cut_off: dict[str, set[int]] = {}
        self.lost: dict[Key, tuple[Entry, RunWrite]] = {}
        self.settled: set[Key] = set()
        self.ended: set[Key] = set()
        self.failed: set[tuple[str, str, int]] = set()
        self.again: list[Entry] = []
        self.in_flight: list[str] = []
        self.on_death: Callable[[], None] = lambda: None
        self.steps: dict[Key, Entry] = {}
        self._latest: dict[Key, int] = {}
        self._made = store.commit
        store.commit = self.commit  # type: ignore[method-assign]  # this store is to die

    async def commit(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
        """Make *writes*; or die before it, or after."""
        if self.dead:
            self._lose(writes)
            raise StoreError(self.store.where, "the process was killed")
        number = self.writes[-1]
        self.writes[-1] += 1
        if self.points and number == self.points[0] // 2:
            await self._die(writes, made=bool(self.points.pop(0) % 2))
        results = await self._made(writes)
        for write, result in zip(writes, results, strict=True):
            if result is None:
                self._note(write, begins=True)
        return results

    async def _die(self, writes: Sequence[RunWrite], *, made: bool) -> None:
        self.dead = True
        self.deaths += 1
        if made:
            results = await self._made(writes)
            for write, result in zip(writes, results, strict=True):
                if result is None:
                    self._note(write, begins=False)
        else:
            self._lose(writes)
        self.on_death()
        raise StoreError(self.store.where, "the process was killed")

    def _note(self, write: RunWrite, *, begins: bool) -> None:
        """Note what a write that was made tells of steps."""
        for row in write.rows:
            entry = decoded(row)
            key = write.run_id, entry.path
            if entry.kind:
                self.steps[key] = entry
            known = self.steps.get(key)
            if known is None or known.kind not in PERFORMED or entry.again >= 0:
                continue
            if entry.status is Status.RUNNING:
                self._begin(write.run_id, entry, begins=begins)

    def _begin(self, run_id: str, entry: Entry, *, begins: bool) -> None:
        key = run_id, entry.path
        self.lost.pop(key, None)
        self._latest[key] = entry.seq
        if begins:
            self.begun[key] += 1
        else:
            self.cut_off.setdefault(run_id, set()).add(entry.seq)
        if key in self.settled:
            self.again.append(self.steps[key])

    def _lose(self, writes: Sequence[RunWrite]) -> None:
        """Note what steps came to that will never be on record."""
        for write in writes:
            for row in write.rows:
                entry = decoded(row)
                if entry.path != RUN_PATH and entry.status.ended:
                    self.lost[write.run_id, entry.path] = entry, write

    def revive(self) -> None:
        """Have it write again, for another process: the one before has no lease any more."""
        self.dead = False
        self.writes.append(0)
        self.store.leases.clear()
        for run_id in self.store.runs:
            for entry in entries_of(self.store, run_id):
                if entry.path != RUN_PATH and entry.status.ended:
                    self.ended.add((run_id, entry.path))
                elif entry.path != RUN_PATH and entry.failure is not None:
                    next_began = entry.status is Status.RUNNING
                    self.failed.add((run_id, entry.path, entry.attempt - next_began))
                if entry.path != RUN_PATH and entry.status is Status.SUCCEEDED:
                    self.settled.add((run_id, entry.path))
        for key, entry in self._in_flight():
            self.in_flight.append(f"{entry.path} ({entry.effect or 'repeatable'}, {entry.site})")
            if entry.effect != "once":
                self.cut_off.setdefault(key[0], set()).add(self._latest[key])

    def _in_flight(self) -> Iterator[tuple[Key, Entry]]:
        for key, entry in self.steps.items():
            if self.begun[key] and key not in self.ended:
                yield key, entry
