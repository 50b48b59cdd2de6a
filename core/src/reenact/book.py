"""What one run is about to put on record.

Entries are numbered here and nowhere else, chained by checksums, gathered until the
turn is over, and written together with the content they name and the run's projection.
How those read that are made once in a while is in `entries`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs

from reenact.codec import digest
from reenact.content import Blob, Chains, reached, references
from reenact.entries import entry_again, entry_begun, entry_cancelled, entry_patched, entry_taken, used
from reenact.failures import record_failure
from reenact.history import History
from reenact.ledger import Holding
from reenact.machine import RUN, advance
from reenact.recorded import Taken, keyed_hash
from reenact.records import (
    NO_CHANGES,
    NOTHING,
    RUN_PATH,
    Changes,
    Entry,
    Failure,
    Row,
    RunRecord,
    Status,
    checksum,
    encode_entry,
    raw,
)
from reenact.services import Services
from reenact.steps import NO_TICKET, Call, Outcome, spell_site
from reenact.stores import CommitResult, RunWrite


class Book:
    """Gathers what a run is about to put on record.

    Attributes:
        run: The run as it will be once everything here is written.
        blobs: Content that the next write carries: what its rows name, if no row before them does.
        chains: The run's conversations.
        last: The latest entry of the run itself.
        code: The hash of the source of the code that runs; empty if it is not known.
    """

    def __init__(self, run: RunRecord, history: History, services: Services) -> None:
        self.run = run
        self.blobs: dict[str, Blob] = {}
        self.chains = Chains()
        self.chains.seen(history.blobs.values())
        self.last: Entry | None = history.begun
        self.code = ""
        self._made: tuple[str, Mapping[str, str]] = ("", {})
        if history.begun is not None:
            self._made = history.begun.code, history.begun.made_by
        self._history = history
        self._services = services
        self._entries: list[Entry] = []
        self._seq = history.next_seq
        self._checksum = history.last_checksum
        self._at_ns = 0
        self._status = history.status
        self._consumed: list[int] = []
        self._holdings: list[Holding] = []
        self._release = False
        self._create = False
        self._changed = False
        self._reusable: list[tuple[str, int]] = []
        self._goes_on_as = ""
        self._announced = history.begun is None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self._entries or self._consumed or self._release)

    def _take_from(self, call: Call) -> None:
        """Take over what an entry of *call* has carried, or its write will."""
        call.late_decisions = ()
        self._holdings += call.holdings
        call.holdings = ()
        if call.answered_by:
            self._consumed.append(call.answered_by)
            call.answered_by = 0

    def _now_ns(self) -> int:
        self._at_ns = max(self._at_ns, self._services.clock.now_ns())
        return self._at_ns

    def _add(self, entry: Entry) -> Entry:
        self._entries.append(entry)
        self._seq += 1
        return entry

    # --- the run itself

    def begin(
        self,
        input_hash: str,
        stored: bytes,
        *,
        began_ns: int = 0,
        changes: Changes = NO_CHANGES,
        release: bool = False,
    ) -> None:
        """Put the run's beginning on record; the write that carries it creates the run.

        Args:
            input_hash: Of its input.
            stored: The stored spelling of its input.
            began_ns: For a re-run, when the other run began.
            changes: What was set for it.
            release: Give the run back in the same write, for whoever takes it up.
        """
        self._create = True
        self._release = release
        self._status = Status.RUNNING
        entry = entry_begun(self.run, input_hash, stored, began_ns, changes, self._seq, self._provenance())
        self.last = self._add(entry)

    def _provenance(self) -> dict[str, Any]:
        """Return what an entry says of the code that runs and the distributions, if that is news."""
        made = self.code, self._services.made_by
        if made == self._made:
            return {}
        self._made = made
        return {"code": self.code, "made_by": dict(self._services.made_by)}

    def root(
        self,
        status: Status,
        *,
        note: str = "",
        release: bool = False,
        output: bytes = b"",
        failure: Failure | None = None,
        revised_from: int = -1,
        redo: bool = False,
        goes_on_as: str = "",
    ) -> None:
        """Put a transition of the run itself on record."""
        if status is self._status and status in (Status.WAITING, Status.IN_DOUBT):
            self._release = self._release or release  # it is on record already
            return
        if status.ended:
            self._announce()
        self._announced = True
        self._status = advance(self._status, status, RUN)
        at_ns = self._now_ns()
        self.last = self._add(
            Entry(
                seq=self._seq,
                path=RUN_PATH,
                status=status,
                at_ns=at_ns,
                attempt=self.run.epoch,
                note=note,
                output=raw(output),
                failure=failure,
                revised_from=revised_from,
                redo=redo,
                owner=self.run.owner if status is Status.RUNNING else "",
                **(self._provenance() if status is Status.RUNNING else {}),
            )
        )
        self._release = self._release or release
        self._goes_on_as = goes_on_as
        waits_for = note if status in (Status.WAITING, Status.IN_DOUBT) else ""
        self._project(status=status, updated_ns=at_ns, waits_for=waits_for)

    def resumed(self) -> None:
        """Note that a run which waited goes on."""
        if self._status is Status.WAITING:
            self.root(Status.RUNNING)

    def _announce(self) -> None:
        """Note that this process has taken the run up, before it adds to the record."""
        if not self._announced:
            self.root(Status.RUNNING)

    # --- steps

    def intent(self, call: Call, status: Status, *, note: str = "") -> None:
        """Put on record that a step is about to begin, or to wait."""
        self._announce()
        spec = call.spec
        call.ticket = self._seq
        self._add(
            Entry(
                seq=self._seq,
                path=call.path,
                status=status,
                at_ns=self._now_ns(),
                attempt=call.attempt,
                generation=call.generation,
                kind=spec.kind,
                name=spec.name,
                input_hash=self._hash(call),
                hash_keyed=call.hash_keyed,
                input=raw(call.spell(self.blobs) if call.spell else b""),
                effect=spec.effect if spec.effect != "repeatable" else "",
                site=spell_site(call.site),
                decisions=tuple(call.decisions),
                due_ns=call.due_ns,
                note=note,
            )
        )

    def _hash(self, call: Call) -> str:
        return keyed_hash(self.run.key, call.input_hash) if call.hash_keyed else call.input_hash

    def step(
        self,
        call: Call,
        status: Status,
        *,
        failure: Failure | None = None,
        due_ns: int = 0,
        note: str = "",
        asks: Mapping[str, Any] | None = None,
    ) -> None:
        """Put a transition of a step on record that does not end it."""
        self._announce()
        if status is Status.RUNNING and call.ticket == NO_TICKET:
            call.ticket = self._seq
        entry = self._add(
            Entry(
                seq=self._seq,
                path=call.path,
                status=status,
                at_ns=self._now_ns(),
                attempt=call.attempt,
                candidate=call.candidate,
                generation=call.generation,
                failure=failure,
                due_ns=due_ns,
                asks=asks or NOTHING,
                answer=call.answer if status is Status.RUNNING else None,
                decisions=tuple(call.late_decisions),
                **used(call, None, note),
            )
        )
        self._take_from(call)
        call.spent = None
        self._count(entry)

    def outcome(self, call: Call, outcome: Outcome) -> Entry:
        """Put the end of a step on record."""
        self._announce()
        if outcome.again >= 0:
            return self._again(call, outcome)
        if outcome.taken is not None:
            return self._taken(call, outcome.taken)
        settled = outcome.settled
        if outcome.blobs:
            self.blobs.update(outcome.blobs)
            self.chains.seen(outcome.blobs.values())
        if outcome.message is not None:
            self._consumed.append(outcome.message.id)
        entry = self._add(
            Entry(
                seq=self._seq,
                path=call.path,
                status=outcome.status,
                at_ns=self._now_ns(),
                attempt=call.attempt,
                generation=call.generation,
                output=raw(settled.data if settled else b""),
                failure=outcome.failure,
                asked=settled.asked if settled else "",
                decisions=tuple(call.late_decisions),
                **used(call, settled),
            )
        )
        self._take_from(call)
        self._count(entry, unknown=settled is not None and call.spec.kind == "llm" and not settled.cost_usd)
        if call.reusable and entry.status is Status.SUCCEEDED and not (call.hash_keyed or call.hidden):
            self._reusable.append((self.reusable_hash(call), entry.seq))
        return entry

    def reusable_hash(self, call: Call) -> str:
        """Return the name under which other runs of the workflow find the outcome of *call*."""
        return digest(f"{self.run.workflow}\n{call.input_hash}".encode())

    def _taken(self, call: Call, taken: Taken) -> Entry:
        """Put on record that a step takes an outcome of another run."""
        source, intent = taken.outcome, taken.intent
        if source.output:
            self.blobs |= reached(references(bytes(source.output)), self._not_carried)
        spelled = intent.input if intent else raw(call.spell(self.blobs) if call.spell else b"")
        entry = self._add(entry_taken(call, taken, spelled, self._seq, self._now_ns()))
        self._count(entry)
        return entry

    def _not_carried(self, name: str) -> Blob | None:
        """Return content that another run has named, unless the next write carries it already."""
        return None if name in self.blobs else self._history.blobs.get(name)

    def _again(self, call: Call, outcome: Outcome) -> Entry:
        """Put on record that a step takes the outcome it had before the run was revised."""
        return self._add(entry_again(call, outcome, self._hash(call), self._seq, self._now_ns()))

    def refused(self, call: Call, error: Exception, status: Status) -> Outcome:
        """Put a step on record that ended before it began: denied, or with an input that fits nowhere."""
        self.intent(call, Status.RUNNING)
        return Outcome(status, failure=record_failure(error, call.path), error=error)

    def cancelled(self, path: str, reason: str, message_id: int) -> None:
        """Put a request to cancel the run on record, where it was delivered."""
        self._announce()
        self._consumed.append(message_id)
        self._add(entry_cancelled(path, reason, self._seq, self._now_ns()))

    def bring(self, blobs: Mapping[str, Blob]) -> None:
        """Have content at hand that is stored already and that an outcome will name."""
        self._history.blobs.update(blobs)

    def patched(self, path: str) -> None:
        """Put on record that the code has a patch."""
        self._announce()
        self._add(entry_patched(path, self._seq, self._now_ns()))

    def consume(self, message_id: int) -> None:
        """Have a message removed with the next write."""
        self._consumed.append(message_id)

    def _count(self, entry: Entry, *, unknown: bool = False) -> None:
        """Add what an entry used to the run's totals.

        Args:
            entry: It.
            unknown: A model answered, and what that costs is not known.
        """
        run = self.run
        if entry.counts:
            self._succeeded += 1
            self._counted = True
        if entry.tokens_in or entry.tokens_out or entry.cost_usd or unknown:
            cost = (
                f"{Decimal(run.cost_usd) + Decimal(entry.cost_usd):f}"
                if run.cost_usd and entry.cost_usd
                else ""
            )
            self.run = attrs.evolve(
                run,
                steps=run.steps + self._succeeded,
                tokens_in=run.tokens_in + entry.tokens_in,
                tokens_out=run.tokens_out + entry.tokens_out,
                cost_usd=cost,
            )
            self._succeeded = 0
            self._changed = True

    _succeeded = 0
    """Steps that the run does not count yet."""

    _counted = False
    """Whether steps have succeeded since the last write."""

    # --- writing

    def discard(self) -> None:
        """Forget what was not written."""
        self._entries.clear()
        self._consumed.clear()
        self._holdings.clear()
        self.blobs.clear()
        self._release = False

    def release(self) -> None:
        """Give the run back, writing no entry."""
        if self._services.writer is not None and not self._create:
            write = RunWrite(run_id=self.run.id, epoch=self.run.epoch, release=True)
            self._services.writer.submit(write, lambda result: None)

    def write(self, done: Callable[[CommitResult, Sequence[Entry]], None], *, joined: bool = False) -> None:
        """Submit everything gathered; *done* is told when it is durable, or why it is not.

        Args:
            done: Takes the result, and the entries that were written.
            joined: It belongs into one commit with what is submitted next.
        """
        writer = self._services.writer
        if writer is None:
            self.discard()
            return
        entries, self._entries = self._entries, []
        run = self._projection()
        write = RunWrite(
            run_id=self.run.id,
            epoch=self.run.epoch,
            create=self._create,
            rows=[self._row(entry) for entry in entries],
            blobs=list(self.blobs.values()),
            run=run,
            consumed=self._consumed,
            release=self._release,
            ledger=self._holdings,
            reusable=self._reusable,
            goes_on_as=self._goes_on_as,
        )
        self.blobs, self._consumed, self._create, self._release = {}, [], False, False
        self._holdings, self._reusable, self._goes_on_as = [], [], ""
        writer.submit(write, lambda result: done(result, entries), joined=joined)

    async def write_now(self) -> CommitResult:
        """Submit everything gathered, and wait for it."""
        made: asyncio.Future[CommitResult] = asyncio.get_running_loop().create_future()

        def done(result: CommitResult, _: Sequence[Entry]) -> None:
            if not made.done():
                made.set_result(result)

        self.write(done)
        return await made

    def _projection(self) -> RunRecord | None:
        if not (self._changed or self._create):
            return None
        if self._succeeded or (self._counted and self._release):
            self._project()
        self._counted = False
        self._changed = False
        return self.run

    def _project(self, **changes: Any) -> None:
        """Bring the run up to date, in one go: a record of many fields takes some time to make."""
        if self._release:
            changes |= {"owner": "", "until_ns": 0}
        self.run = attrs.evolve(self.run, steps=self.run.steps + self._succeeded, **changes)
        self._succeeded = 0
        self._changed = True

    def _row(self, entry: Entry) -> Row:
        body = encode_entry(entry)
        self._checksum = checksum(self._checksum, body)
        return Row(entry.seq, body, self._checksum)
