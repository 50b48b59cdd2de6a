"""What stands in a file, and how it is spelled.

::

    {"format": 2, "reenact": "0.1.0", "redacted": false,
     "run": {...}, "entries": [{"checksum": "…", "entry": {...}}, …],
     "children": [{"run": {...}, "entries": […]}, …],
     "linked":   [{"run": {...}, "entries": […]}, …],
     "blobs":    [{"hash": "…", "chain": false, "data": …}, …],
     "about":    {"code": …, "made_by": …, "policies": …, "redaction": …},
     "sha256":   "…"}

*children* are the runs that the run started, *linked* those whose rows it shares. Entries and
blobs stand in the very characters that their checksums are over. *about* says nothing that
does not follow from the rest. *sha256* is over every byte before its line. Each row and each
blob has a line of its own, so that a file can be looked at with the tools for lines, too.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
from reenact.content import Blob
from reenact.errors import StoreError
from reenact.records import Entry, Row, RunRecord, origin_of

FORMAT = 2
"""The version of the file; raised when an old reader could misread a new file."""

FILE_BYTES_MAX = 256_000_000
DIGEST_HEX = 64


@attrs.define
class PortableError(StoreError):
    """A file is not what an export writes. Nothing of it was taken over."""


@attrs.frozen(kw_only=True)
class Limits:
    """How much is read of a file that may come from anybody.

    Attributes:
        file_bytes: Bytes in all. Reading takes about three times that in memory.
        runs: Runs, child runs and linked ones included.
    """

    file_bytes: int = FILE_BYTES_MAX
    runs: int = 10_000


@attrs.frozen(kw_only=True)
class RedactionReport:
    """What of a file's content was taken out, by policies and by the export.

    Attributes:
        modified: How often a policy changed something, by policy, then by the kind of step and the stage.
        denied: How often a policy refused, the same way.
        keyed_inputs: Steps whose input a policy scrubbed, so that only a keyed hash of it stands there.
        left_out: Values that a redacted export left out.
    """

    modified: Mapping[str, Mapping[str, int]] = attrs.field(factory=dict)
    denied: Mapping[str, Mapping[str, int]] = attrs.field(factory=dict)
    keyed_inputs: int = 0
    left_out: int = 0


@attrs.frozen(kw_only=True)
class About:
    """What a file's rows say about where they come from.

    Attributes:
        code: Hashes of the code that the run ran on, in order; empty where it was not known.
        made_by: The distributions that took part, each with the versions.
        policies: The policies that decided, each with the versions.
        redaction: What was taken out.
    """

    code: Sequence[str] = ()
    made_by: Mapping[str, Sequence[str]] = attrs.field(factory=dict)
    policies: Mapping[str, Sequence[str]] = attrs.field(factory=dict)
    redaction: RedactionReport = RedactionReport()


@attrs.frozen
class PortableRun:
    """One run of a file.

    Attributes:
        record: The run, owned by nobody.
        rows: Its own rows; a fork's begin where it leaves those that it shares.
    """

    record: RunRecord
    rows: Sequence[Row]


def first_own(record: RunRecord) -> int:
    """Return the seq of the first row that is the run's own: 0, but for a fork."""
    origin = origin_of(record)
    return origin.seq if origin is not None and origin.how == "fork" else 0


@attrs.frozen(kw_only=True)
class RunFile:
    """A file that was read and verified.

    Attributes:
        run: The run it is about.
        children: The runs that one started, and those they started; parents first.
        linked: The runs that it cannot do without, the furthest first.
        blobs: The content that all of them name, by name.
        reenact: The version of the program that wrote the file.
        redacted: Content was left out: it can be looked at, and not be run.
        about: Where it comes from.
    """

    run: PortableRun
    children: Sequence[PortableRun] = ()
    linked: Sequence[PortableRun] = ()
    blobs: Mapping[str, Blob]
    reenact: str
    redacted: bool = False
    about: About

    @property
    def runs(self) -> Sequence[PortableRun]:
        """All runs of the file, those first that others need."""
        return (*self.linked, self.run, *self.children)


# --- spelling -------------------------------------------------------------------------------------


class Gatherer:
    """Gathers what `About` says, entry by entry."""

    def __init__(self) -> None:
        self._code: list[str] = []
        self._made_by: dict[str, set[str]] = {}
        self._policies: dict[str, set[str]] = {}
        self._kinds: dict[tuple[str, str], str] = {}
        self._verdicts: dict[str, dict[str, dict[str, int]]] = {"modify": {}, "deny": {}}
        self._keyed = 0
        self.left_out = 0

    def take(self, run_id: str, entry: Entry) -> None:
        """Take the next entry of a run."""
        if entry.code and entry.code not in self._code:
            self._code.append(entry.code)
        for name, version in entry.made_by.items():
            self._made_by.setdefault(name, set()).add(version)
        if entry.decisions:
            self._decided(run_id, entry)
        elif entry.kind in _DECIDED:
            self._kinds[run_id, entry.path] = entry.kind
        self._keyed += entry.hash_keyed

    def _decided(self, run_id: str, entry: Entry) -> None:
        kind = entry.kind or self._kinds.get((run_id, entry.path), "step")
        self._kinds[run_id, entry.path] = kind
        for decision in entry.decisions:
            self._policies.setdefault(decision.policy, set()).add(decision.version)
            counts = self._verdicts.get(decision.verdict)
            if counts is not None:
                by_type = counts.setdefault(decision.policy, {})
                name = f"{kind} {decision.stage}"
                by_type[name] = by_type.get(name, 0) + 1

    def about(self) -> About:
        """Return what was gathered."""
        return About(
            code=tuple(self._code),
            made_by=_listed(self._made_by),
            policies=_listed(self._policies),
            redaction=RedactionReport(
                modified=_ordered(self._verdicts["modify"]),
                denied=_ordered(self._verdicts["deny"]),
                keyed_inputs=self._keyed,
                left_out=self.left_out,
            ),
        )


_DECIDED = frozenset({"llm", "tool"})


def _listed(found: Mapping[str, set[str]]) -> dict[str, Sequence[str]]:
    return {name: tuple(sorted(values)) for name, values in sorted(found.items())}


def _ordered(found: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    return {name: dict(sorted(counts.items())) for name, counts in sorted(found.items())}


class Speller:
    """Spells a file piece by piece, and sums it up.

    Attributes:
        size: Bytes so far.
    """

    def __init__(self) -> None:
        self.size = 0
        self._sum = hashlib.sha256()

    def piece(self, text: str | bytes) -> bytes:
        """Return a piece of the file as bytes."""
        data = text.encode() if isinstance(text, str) else text
        self._sum.update(data)
        self.size += len(data)
        return data

    def end(self) -> bytes:
        """Return the last line."""
        return self.piece(f'"sha256":"{self._sum.hexdigest()}"}}\n')


END_BYTES = len('"sha256":""}\n') + DIGEST_HEX


def spell_head(reenact: str, *, redacted: bool) -> str:
    """Return the first lines."""
    return f'{{"format":{FORMAT},\n"reenact":{spell_json(reenact)},\n"redacted":{spell_json(redacted)},\n'


def spell_record(record: RunRecord) -> str:
    """Return the record of a run and the beginning of its entries."""
    fields = attrs.asdict(record) | {"status": record.status.value}
    del fields["owner"], fields["until_ns"]
    return f'"run":{spell_json(fields)},"entries":[\n'


def spell_rows(rows: Sequence[Row], *, first: bool) -> Iterator[str | bytes]:
    """Yield rows, each a line."""
    for row in rows:
        yield '{"checksum":"' if first else ',\n{"checksum":"'
        first = False
        yield row.checksum.hex()
        yield '","entry":'
        yield row.body
        yield "}"


def spell_blobs(blobs: Iterable[Blob], *, first: bool) -> Iterator[str | bytes]:
    """Yield content, each piece a line."""
    for blob in blobs:
        yield f'{"" if first else ","}\n{{"hash":"{blob.hash}","chain":{spell_json(blob.chain)},"data":'
        first = False
        yield blob.data
        yield "}"


def spell_about(about: About) -> str:
    """Return the line that says where the file comes from."""
    return f'],\n"about":{spell_json(attrs.asdict(about))},\n'


def spell_json(value: Any) -> str:
    """Return a value in JSON, in ASCII."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def spell_file(file: RunFile) -> Iterator[bytes]:
    """Yield a whole file, piece by piece."""
    speller = Speller()
    for text in _pieces(file):
        yield speller.piece(text)
    yield speller.end()


def _pieces(file: RunFile) -> Iterator[str | bytes]:
    yield spell_head(file.reenact, redacted=file.redacted)
    yield from _run_pieces(file.run)
    for name, runs in (("children", file.children), ("linked", file.linked)):
        yield from group_begin(name)
        for number, run in enumerate(runs):
            yield "{" if number == 0 else ",\n{"
            yield from _run_pieces(run)
            yield "}"
    yield BLOBS_BEGIN
    yield from spell_blobs((file.blobs[name] for name in sorted(file.blobs)), first=True)
    yield spell_about(file.about)


BLOBS_BEGIN = '],\n"blobs":['


def group_begin(name: str) -> Iterator[str]:
    """Yield what stands before the runs of a group."""
    yield f',\n"{name}":[' if name == "children" else f'],\n"{name}":['


def _run_pieces(run: PortableRun) -> Iterator[str | bytes]:
    yield spell_record(run.record)
    yield from spell_rows(run.rows, first=True)
    yield "]"
