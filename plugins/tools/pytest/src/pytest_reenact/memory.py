"""A store that keeps everything in this process: for tests, and a model of what a store must do."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

import attrs
from reenact.audit import Audit
from reenact.content import Blob, blob_references, references
from reenact.errors import RunConflictError, RunKeptError, RunNotFoundError, RunOwnedError, StoreError
from reenact.journal import lost_lease
from reenact.ledger import Accounts, Holding, Later, LedgerFull
from reenact.pruning import links
from reenact.records import Message, Origin, Row, RunRecord, Status, decode_entry, origin_of
from reenact.stores import CommitResult, RunFilter, RunWrite, Swept


class MemoryStore:
    """Keeps runs in dictionaries; see `reenact.stores.Store`.

    Attributes:
        runs: The runs, by id.
        journals: Their rows, by id.
        ledger: What accounts hold.
    """

    where = "memory"
    durable = False
    rows_at_a_time = 2048
    """How many rows of a journal are handed out at a time."""

    def __init__(self) -> None:
        self.runs: dict[str, RunRecord] = {}
        self.journals: dict[str, list[Row]] = {}
        self.content: dict[str, Blob] = {}
        self.inbox: list[Message] = []
        self.ledger = Accounts()
        self.reusable: dict[str, tuple[str, int]] = {}
        self._boots: dict[str, int] = {}
        self.leases: dict[str, float] = {}
        self._message_id = 0

    async def acquire(self, run_id: str, owner: str, ttl_s: float) -> RunRecord:
        """Take a run over."""
        await asyncio.sleep(0)
        run = self.runs.get(run_id)
        if run is None:
            raise RunNotFoundError(run_id)
        if run.owner and run.owner != owner and self._lives(run.owner):
            raise RunOwnedError(run_id, run.owner, int(self.leases[run.owner] * 1e9))
        self._renew(owner, ttl_s)
        self.runs[run_id] = attrs.evolve(run, owner=owner, epoch=run.epoch + 1)
        return self._seen(self.runs[run_id])

    def _lives(self, owner: str) -> bool:
        return self.leases.get(owner, 0.0) > time.time()

    def _renew(self, owner: str, ttl_s: float) -> None:
        self.leases[owner] = time.time() + ttl_s

    def _seen(self, run: RunRecord) -> RunRecord:
        until_ns = int(self.leases.get(run.owner, 0.0) * 1e9) if run.owner else 0
        return attrs.evolve(run, until_ns=until_ns)

    async def renew(self, owner: str, ttl_s: float) -> None:
        """Extend the leases of *owner*."""
        await asyncio.sleep(0)
        self._renew(owner, ttl_s)

    async def commit(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
        """Make *writes* together."""
        await asyncio.sleep(0)
        return [self._write(write) for write in writes]

    def _write(self, write: RunWrite) -> CommitResult:
        run = self.runs.get(write.run_id)
        if write.create:
            if run is not None and not self._has(write):
                return RunConflictError(write.run_id, "run under it")
            gone = [one for one in links(write.run).shared if one not in self.runs] if write.run else ()
            if gone:
                return RunNotFoundError(gone[0])
        elif run is None:
            return RunNotFoundError(write.run_id)
        elif run.epoch != write.epoch:
            return lost_lease(self.where, write.run_id)
        if write.goes_on_as and write.goes_on_as not in self.runs:
            return RunNotFoundError(write.goes_on_as)
        made, answer = self._has(write), None
        if write.ledger and not made:
            answer = self._hold(write.ledger)
            if isinstance(answer, LedgerFull):
                return answer
        if not made:
            journal = self.journals.setdefault(write.run_id, [])
            follows = journal[-1].seq + 1 if journal else write.rows[0].seq if write.rows else 0
            if write.rows and write.rows[0].seq != follows:
                return StoreError(self.where, f"row {write.rows[0].seq} does not follow row {follows - 1}")
            journal.extend(write.rows)
        self.reusable.update((one, (write.run_id, seq)) for one, seq in write.reusable)
        for blob in write.blobs:
            self.content.setdefault(blob.hash, blob)
        consumed = set(write.consumed)
        self.inbox = [message for message in self.inbox if message.id not in consumed]
        self._project(write)
        if write.goes_on_as:
            self._hand_over(write.run_id, self._latest(write.goes_on_as))
        return answer

    def _hand_over(self, run_id: str, to: str) -> None:
        """Leave what is there for a run to the one in which it goes on."""
        self.inbox = [
            attrs.evolve(message, run_id=to)
            if message.run_id == run_id and message.kind != "answer"
            else message
            for message in self.inbox
        ]

    def _latest(self, run_id: str) -> str:
        """Return the last of the runs in which one goes on, or its own id."""
        passed: set[str] = set()
        following: str | None = run_id
        while following is not None and following not in passed:
            run_id = following
            passed.add(run_id)
            following = self._following(run_id)
        return run_id

    def _following(self, run_id: str) -> str | None:
        """Return the run in which one goes on that has ended, if it does."""
        if self.runs[run_id].status is not Status.SUCCEEDED:
            return None
        origin = str(Origin("continued", run_id))
        return next((run.id for run in self.runs.values() if run.origin == origin), None)

    def _project(self, write: RunWrite) -> None:
        kept = self.runs.get(write.run_id)
        if write.run is not None:
            run = write.run
            if kept and (kept.owner, kept.epoch) != (run.owner, run.epoch):
                run = attrs.evolve(run, owner=kept.owner, epoch=kept.epoch)
            self.runs[write.run_id] = run
        if write.release:
            self.runs[write.run_id] = attrs.evolve(self.runs[write.run_id], owner="", until_ns=0)

    def _has(self, write: RunWrite) -> bool:
        journal = self.journals.get(write.run_id)
        if not journal or not write.rows:
            return False
        place = write.rows[-1].seq - journal[0].seq
        return len(journal) > place and journal[place] == write.rows[-1]

    def _hold(self, holdings: Sequence[Holding]) -> Later | LedgerFull | None:
        return self.ledger.hold(holdings)

    async def load(self, run_id: str) -> RunRecord | None:
        """Return the run, or None."""
        await asyncio.sleep(0)
        run = self.runs.get(run_id)
        return self._seen(run) if run is not None else None

    async def rows(self, run_id: str, start: int = 0) -> AsyncIterator[Sequence[Row]]:
        """Yield the run's rows."""
        await asyncio.sleep(0)
        journal = self.journals.get(run_id, [])
        first = max(start - journal[0].seq, 0) if journal else 0
        for place in range(first, len(journal), self.rows_at_a_time):
            yield journal[place : place + self.rows_at_a_time]

    async def recall(self, input_hash: str) -> tuple[str, int] | None:
        """Return the run and the seq of an outcome that other runs may take."""
        await asyncio.sleep(0)
        return self.reusable.get(input_hash)

    async def blobs(self, hashes: Iterable[str]) -> Mapping[str, Blob]:
        """Return the blobs that are stored, of those named."""
        await asyncio.sleep(0)
        return {name: self.content[name] for name in hashes if name in self.content}

    async def list(self, which: RunFilter) -> Sequence[RunRecord]:
        """Return runs, newest first."""
        await asyncio.sleep(0)
        found = [self._seen(run) for run in self.runs.values() if self._matches(run, which)]
        return sorted(found, key=lambda run: run.created_ns, reverse=True)[: which.limit]

    def _matches(self, run: RunRecord, which: RunFilter) -> bool:
        return (
            (not which.status or run.status in which.status)
            and (not which.workflow or run.workflow == which.workflow)
            and (not which.parent or run.parent == which.parent or run.parent.endswith(f"/{which.parent}"))
            and (not which.roots or not run.parent)
            and (not which.origin or _comes_from(run, which.origin))
            and run.created_ns >= which.since_ns
            and run.id.startswith(which.prefix)
            and not (which.ownerless and run.owner and self._lives(run.owner))
        )

    async def post(self, message: Message) -> int:
        """Keep a message for a run."""
        await asyncio.sleep(0)
        if message.run_id not in self.runs:
            raise RunNotFoundError(message.run_id)
        self._message_id += 1
        run_id = message.run_id if message.kind == "answer" else self._latest(message.run_id)
        self.inbox.append(attrs.evolve(message, id=self._message_id, run_id=run_id))
        return self._message_id

    async def messages(self, owner: str) -> Sequence[Message]:
        """Return messages for runs that *owner* has."""
        await asyncio.sleep(0)
        return [message for message in self.inbox if self.runs[message.run_id].owner == owner]

    async def held(self, account: str, at_ns: int = 0) -> int:
        """Return what *account* holds that does not end by *at_ns*."""
        await asyncio.sleep(0)
        return self.ledger.held(account, at_ns)

    async def ledger_ns(self, boot: str, since_boot_ns: int, now_ns: int) -> int:
        """Return the time by the clock of the ledger, which nobody sets."""
        await asyncio.sleep(0)
        return self._boots.setdefault(boot, now_ns - since_boot_ns) + since_boot_ns

    async def remove(self, run_ids: Sequence[str]) -> None:
        """Remove runs for good, all that are named or none."""
        await asyncio.sleep(0)
        named = set(run_ids)
        for run_id in run_ids:
            run = self.runs.get(run_id)
            if run is None:
                raise RunNotFoundError(run_id)
            if run.owner and self._lives(run.owner):
                raise RunOwnedError(run_id, run.owner, int(self.leases[run.owner] * 1e9))
            if not run.status.ended:
                raise RunKeptError(run_id, f"it is {run.status}")
        for run in self.runs.values():
            self._refuse_needed(run, named)
        self.reusable = {one: place for one, place in self.reusable.items() if place[0] not in named}
        for run_id in named:
            del self.runs[run_id]
            self.journals.pop(run_id, None)
        self.inbox = [message for message in self.inbox if message.run_id not in named]

    def _refuse_needed(self, run: RunRecord, named: set[str]) -> None:
        """Refuse to remove some of a family, or what another run shares."""
        needed = links(run)
        for other in needed.family:
            if other in self.runs and (other in named) is not (run.id in named):
                going, staying = (other, run.id) if other in named else (run.id, other)
                raise RunKeptError(going, f"run {staying} of its family is kept")
        for other in needed.shared & named:
            if run.id not in named:
                raise RunKeptError(other, f"run {run.id} came from it")

    async def sweep(self) -> Swept:
        """Delete the content that no run needs."""
        await asyncio.sleep(0)
        needed: set[str] = set()
        waiting = [
            name
            for rows in self.journals.values()
            for row in rows
            for entry in [decode_entry(row.body)]
            for spelled in (entry.input, entry.output)
            for name in references(bytes(spelled) or b"null")
        ]
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting += blob_references(self.content[name])
        gone = [self.content.pop(name) for name in self.content.keys() - needed]
        return Swept(blobs=len(gone), bytes=sum(len(blob.data) for blob in gone))

    async def compact(self) -> None:
        """Do nothing: what is deleted takes no room."""
        await asyncio.sleep(0)

    async def check(self) -> Sequence[str]:
        """Return nothing: there is no structure that could be damaged."""
        await asyncio.sleep(0)
        return ()

    async def backup(self, to: str) -> None:
        """Refuse: there is nothing on disk."""
        await asyncio.sleep(0)
        raise StoreError(to, "a store in memory has no backup")

    # --- for tests

    def copy(self) -> "MemoryStore":
        """Return a store with the same runs; what is done to the one is not seen in the other."""
        made = MemoryStore()
        made.runs = dict(self.runs)
        made.journals = {key: list(value) for key, value in self.journals.items()}
        made.content = dict(self.content)
        made.inbox = list(self.inbox)
        made.leases = dict(self.leases)
        return made

    def cut(self, run_id: str, rows: int) -> "MemoryStore":
        """Return a store as it would be had the process died after *rows* rows of a run were durable."""
        made = self.copy()
        made.leases.clear()
        made.journals[run_id] = made.journals[run_id][:rows]
        if rows:
            made.runs[run_id] = self._wound_back(made, self.runs[run_id])
        return made

    def crashed(self, run_id: str, rows: int) -> "MemoryStore":
        """Return a store as a crash leaves it after *rows* rows of a run, which no process has any more.

        What accounts hold stays as it is now.
        """
        made = self.cut(run_id, rows)
        made.reopen(run_id)
        made.ledger = self.ledger.copy()
        return made

    @staticmethod
    def _wound_back(store: "MemoryStore", run: RunRecord) -> RunRecord:
        """Return a run as what is left of its rows says."""
        audit = Audit(run, store.where)
        for row in store._all_rows(run):
            audit.take(row)
        return attrs.evolve(audit.projection(), owner=run.owner)

    def _all_rows(self, run: RunRecord) -> Sequence[Row]:
        """Return the rows of a run, those first that it shares."""
        origin = origin_of(run)
        shared = origin is not None and origin.how == "fork"
        before = self._all_rows(self.runs[origin.run_id])[: origin.seq] if origin and shared else []
        return [*before, *self.journals[run.id]]

    def reopen(self, run_id: str) -> None:
        """Have a run be one that no process has and that has not ended, as a crash leaves it."""
        self.runs[run_id] = attrs.evolve(self.runs[run_id], status=Status.RUNNING, owner="")


def _comes_from(run: RunRecord, run_id: str) -> bool:
    origin = origin_of(run)
    return origin is not None and origin.run_id == run_id
