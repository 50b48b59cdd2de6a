"""A run without what was said in it: what happened, when, and at what price stays.

Content is replaced by a hash of it that is keyed with the run's key, and the key itself is left
out: equal contents of a run can be seen to be equal, and nobody can find out what they were by
guessing. The rows are chained anew, so that the file verifies like any other; the same run
redacted again gives the same file, which is how the owner of the original proves where one
comes from. Paths, run ids, names of steps, models and policies, and files and lines stay.
"""

import hmac
from collections.abc import Sequence

import attrs
import msgspec
from reenact.codec import canonical
from reenact.recorded import RESOLVED, RETRY, STOPPED
from reenact.records import (
    DecisionRecord,
    Entry,
    Failure,
    Row,
    RunRecord,
    checksum,
    decode_entry,
    encode_entry,
)

LEFT_OUT = "$redacted"
_NOTES = frozenset({RESOLVED, RETRY, STOPPED})


class Redactor:
    """Redacts the rows of one run, in order; of a fork, those first that it shares."""

    def __init__(self, record: RunRecord) -> None:
        self._record = record
        self._key = bytes.fromhex(record.key)
        self._checksum = b""

    def record(self) -> RunRecord:
        """Return the record of the run without its key, its target and the hash of its input."""
        keyed = self._keyed(self._record.input_hash.encode())
        return attrs.evolve(self._record, key="", target="", input_hash=keyed)

    def rows(self, rows: Sequence[Row]) -> list[Row]:
        """Return the next rows, redacted."""
        return [self._row(row) for row in rows]

    def _row(self, row: Row) -> Row:
        body = encode_entry(self._entry(decode_entry(row.body)))
        self._checksum = checksum(self._checksum, body)
        return Row(row.seq, body, self._checksum)

    def _entry(self, entry: Entry) -> Entry:
        return msgspec.structs.replace(
            entry,
            input=self._value(entry.input),
            output=self._value(entry.output),
            input_hash=self._keyed(entry.input_hash.encode()) if entry.input_hash else "",
            hash_keyed=bool(entry.input_hash),
            failure=self._failure(entry.failure),
            decisions=tuple(_decision(one) for one in entry.decisions),
            owner="",
            note=entry.note if entry.note in _NOTES else "",
        )

    def _value(self, value: msgspec.Raw) -> msgspec.Raw:
        if not value:
            return value
        data = bytes(value)
        return msgspec.Raw(canonical({LEFT_OUT: self._keyed(data)}))

    def _failure(self, failure: Failure | None) -> Failure | None:
        if failure is None:
            return None
        keyed = self._keyed(msgspec.json.encode([failure.message, failure.args, failure.state]))
        return Failure(
            type=failure.type,
            message=f"{LEFT_OUT} {keyed}",
            path=failure.path,
            retryable=failure.retryable,
            rebuilds=False,
        )

    def _keyed(self, data: bytes) -> str:
        return hmac.digest(self._key, data, "sha256").hex()


def _decision(decision: DecisionRecord) -> DecisionRecord:
    return msgspec.structs.replace(decision, reason="", detail={})


def left_out(entry: Entry) -> int:
    """Return how many values were left out of an entry."""
    return bool(entry.input) + bool(entry.output) + (entry.failure is not None)
