"""What is on record of one step, and the notes by which its entries are told apart."""

import hmac
from collections.abc import Mapping
from typing import Any

import attrs

from reenact.machine import STEP, advance
from reenact.records import ENDED, Entry, Status

DELIVERED = frozenset({Status.SUCCEEDED, Status.FAILED, Status.DENIED})
"""What a workflow is told of; a cancelled step is one it cancelled itself."""

STOPPED = "stopped"
"""Note of an entry of the run: its process let go of it in an orderly way."""

PATCH_PREFIX = ":patched["
"""Begins the path under which code puts on record that it has a patch."""

RETRY = "retry"
"""Note of an entry of a step in doubt: a person has decided that it runs again."""

RESOLVED = "resolved by a person"
"""Note of an entry of a step in doubt: a person has said how it ended."""

CANCEL_NAME = ":cancel"
"""Begins the path of an entry that notes a request to cancel the run, where it was delivered."""

NO_PLACES: Mapping[str, list[int]] = {}
"""Where values stand that policies took out of an input, if none did."""


def keyed_hash(key: str, input_hash: str) -> str:
    """Return the hash that stands on record for an input that a policy scrubbed."""
    return hmac.digest(bytes.fromhex(key), input_hash.encode(), "sha256").hex()


class Recorded:
    """One generation of one step, as it is on record.

    Attributes:
        intent: Its first entry.
        status: What it has become.
        outcome: The entry that ended it, if it has ended.
        starts: How many attempts were begun.
        candidate: Which model the latest one asked.
        tries: How many of its candidate's attempts failed on record.
        failures: How many of them failed on record.
        retry_due_ns: When the next attempt was to begin, if one was planned.
        asks: What a policy has it wait for a person for, while it waits.
        answer: What the person has answered, until the next attempt.
        ticket: The position of the entry that began the latest attempt.
        put_off: That attempt has asked nobody yet: a policy has it wait.
        retry_decided: A person has decided that it runs again.
        paused_ns: How long the run stood still, forked, while the step waited.
        hidden: Where the values stand that policies took out of its input; see `placeholders`.
        met: The code has asked for it.
    """

    met = False
    candidate = 0
    tries = 0
    failures = 0
    retry_due_ns = 0
    retry_decided = False
    answer: bool | None = None
    put_off = False
    paused_ns = 0
    hidden: Mapping[str, list[int]] = NO_PLACES

    def __init__(self, intent: Entry) -> None:
        status = intent.status
        self.intent = intent
        self.status = status
        self.outcome: Entry | None = intent if status in ENDED else None
        self.starts = 1 if status is Status.RUNNING else 0
        self.asks: Mapping[str, Any] = intent.asks
        self.ticket = intent.seq
        if intent.decisions:
            self._note_places(intent)

    def _note_places(self, entry: Entry) -> None:
        for decision in entry.decisions:
            if decision.restore:
                self.hidden = {**self.hidden, **decision.restore}

    @property
    def delivered(self) -> bool:
        """Whether the workflow was told how it ended."""
        return self.outcome is not None and self.status is not Status.CANCELLED

    @property
    def plain(self) -> bool:
        """Whether its input's hash and its outcome are all there is to know of it."""
        outcome = self.outcome
        return (
            outcome is not None
            and outcome.status is Status.SUCCEEDED
            and outcome.again < 0
            and not (self.intent.generation or self.hidden or outcome.path.startswith(CANCEL_NAME))
        )

    @property
    def interruptions(self) -> int:
        """How many attempts were begun and neither succeeded nor failed on record."""
        return self.starts - self.failures

    def take(self, entry: Entry) -> None:
        """Apply a further entry of the same generation."""
        began, self.status = self.status, advance(self.status, entry.status, STEP)
        self.asks = entry.asks
        if entry.decisions:
            self._note_places(entry)
        if entry.status in ENDED:
            self.outcome = entry
            return
        if entry.failure is not None:
            self.failures += 1
            self.tries += 1
        if entry.status is Status.RUNNING:
            self.starts += 1
            self.retry_decided = False
            self.answer = entry.answer
            self.ticket = self.ticket if self.put_off else entry.seq
            self.put_off = False
            if entry.candidate != self.candidate:
                self.candidate, self.tries = entry.candidate, 0
        elif entry.status is Status.WAITING:
            self.retry_due_ns = entry.due_ns
            if entry.failure is None and began is Status.RUNNING:  # before it asked anybody
                self.starts -= 1
                self.put_off = True
        elif entry.status is Status.IN_DOUBT:
            self.retry_decided = entry.note == RETRY


@attrs.frozen
class Taken:
    """An outcome of another run.

    Attributes:
        source: The run, and the seq of the outcome there, as ``run:seq``.
        outcome: The entry that has the outcome.
        intent: The first entry of the step there, if its input is to be kept as it stands there.
        hidden: Where the values stand that policies took out of its input.
    """

    source: str
    outcome: Entry
    intent: Entry | None = None
    hidden: Mapping[str, list[int]] = NO_PLACES

    @property
    def at_ns(self) -> int:
        """When the run that had it first was told of it."""
        return self.outcome.due_ns if self.outcome.taken else self.outcome.at_ns


def same_input(intent: Entry, input_hash: str, key: str) -> bool:
    """Say whether *intent* was for the input with this hash."""
    if intent.hash_keyed:
        return hmac.compare_digest(intent.input_hash, keyed_hash(key, input_hash))
    return intent.input_hash == input_hash
