"""From a file, which may come from anybody, to runs that can be believed.

In this order: the size; the sum over all bytes; the shape, by strict types; every row against
its checksum and the table of the step machine; every piece of content against its name; each
run's record against what its rows add up to; and then everything is spelled again, and must
come out as it stood in the file. So two readers of a file never see different things in it:
a key that stands there twice, a blank, another spelling of a number, a row nobody needs are
all refused. The sum says that a file arrived as it was sent; it does not say by whom.

Nothing in a file is ever used as a path, a type or code.
"""

import hashlib
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import reenact
from msgspec import Meta
from reenact.audit import Audit
from reenact.codec import decode
from reenact.content import Blob, blob_references, item_references, references
from reenact.errors import DamagedError
from reenact.pruning import links, prefix_of_children
from reenact.records import Entry, Row, RunRecord, Status, decode_entry, encode_entry, origin_of
from reenact.retrieval import check_content

from reenact_portable.model import (
    DIGEST_HEX,
    END_BYTES,
    FORMAT,
    Gatherer,
    Limits,
    PortableError,
    PortableRun,
    RunFile,
    first_own,
    spell_file,
)
from reenact_portable.redacting import LEFT_OUT, left_out

T = TypeVar("T")

_Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
_Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]
_ORIGIN = r"^((rerun|continued):[A-Za-z0-9._:-]{1,128}|fork:[A-Za-z0-9._:-]{1,128}:[0-9]{1,10})?$"
_Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Text = Annotated[str, Meta(max_length=4096)]


class _Record(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    id: _Id
    trace_id: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    workflow: _Text
    version: _Text
    target: _Text
    key: Annotated[str, Meta(pattern="^([0-9a-f]{32})?$")]
    parent: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:/-]*$", max_length=20_000)]
    origin: Annotated[str, Meta(pattern=_ORIGIN)]
    input_hash: _Hash
    created_ns: _Count
    updated_ns: _Count
    status: Status
    epoch: Annotated[int, Meta(ge=1, le=2**31)]
    steps: _Count
    tokens_in: _Count
    tokens_out: _Count
    cost_usd: Annotated[str, Meta(pattern=r"^([0-9.E+-]{1,40})?$")]
    waits_for: str


class _Row(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    checksum: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    entry: msgspec.Raw


class _Run(msgspec.Struct, forbid_unknown_fields=True):
    run: _Record
    entries: list[_Row]


class _Blob(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    hash: _Hash
    chain: bool
    data: msgspec.Raw


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    format: int
    reenact: Annotated[str, Meta(max_length=64)]
    redacted: bool
    run: _Record
    entries: list[_Row]
    children: list[_Run]
    linked: list[_Run]
    blobs: list[_Blob]
    about: msgspec.Raw
    sha256: _Hash


class _Head(msgspec.Struct):
    format: int
    reenact: str = ""


_FIRST_LINES = re.compile(rb'\{"format":(\d{1,9}),\n"reenact":"([0-9A-Za-z.+!-]{1,64})"')


def read_file(path: Path, *, limits: Limits | None = None) -> RunFile:
    """Return what a file holds, verified.

    Args:
        path: The file.
        limits: How much is read.

    Raises:
        PortableError: If it is not what an export writes, or is too large; names the place.
    """
    limit = (limits or Limits()).file_bytes
    try:
        with path.open("rb") as file:
            if stat.S_ISDIR(path.stat().st_mode):
                raise PortableError(str(path), "it is a folder; name a file")
            data = file.read(limit + 1)
    except OSError as error:
        raise PortableError(str(path), f"it cannot be read: {error.strerror}") from error
    return read_bytes(data, str(path), limits=limits)


def read_bytes(data: bytes, where: str = "the file", *, limits: Limits | None = None) -> RunFile:
    """Return what the bytes of a file hold, verified.

    Args:
        data: The bytes.
        where: What to call them in an error.
        limits: How much is read.

    Raises:
        PortableError: If they are not what an export writes; names the place.
    """
    limits = limits or Limits()
    if len(data) > limits.file_bytes:
        raise PortableError(where, f"it has more than {limits.file_bytes:,} bytes, the most that is read")
    _check_format(data, where)
    _check_sum(data, where)
    try:
        document = msgspec.json.decode(data, type=_Document)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise PortableError(where, f"it is not spelled as an export is: {error}") from error
    if 1 + len(document.children) + len(document.linked) > limits.runs:
        raise PortableError(where, f"it holds more than {limits.runs:,} runs, the most that is read")
    return _Reader(document, where).read(data)


def _check_format(data: bytes, where: str) -> None:
    head = _FIRST_LINES.match(data)
    if head is None:
        raise PortableError(where, "it is no export of a run: it does not begin as one")
    if int(head[1]) != FORMAT:
        raise PortableError(
            where,
            f"it has format {int(head[1])} (written by reenact {head[2].decode()}), and this program, "
            f"reenact {reenact.__version__}, reads format {FORMAT}; export the run again with a "
            f"{'newer' if int(head[1]) < FORMAT else 'matching'} version, or import it with one",
        )


def _check_sum(data: bytes, where: str) -> None:
    rest, end = data[:-END_BYTES], data[-END_BYTES:]
    wanted = f'"sha256":"{hashlib.sha256(rest).hexdigest()}"}}\n'
    if end == wanted.encode():
        return
    if not end.startswith(b'"sha256":"') or not end.endswith(b'"}\n'):
        raise PortableError(where, "its end is missing: it was cut short, or something was added to it")
    raise PortableError(where, "it was changed after it was written: its sum is another")


class _Reader:
    """Checks a document, and makes of it what it stands for."""

    def __init__(self, document: _Document, where: str) -> None:
        self._document = document
        self._where = where
        self._blobs: dict[str, Blob] = {}
        self._named: set[str] = set()
        self._gathered = Gatherer()
        self._runs: dict[str, PortableRun] = {}

    def read(self, data: bytes) -> RunFile:
        document = self._document
        for blob in document.blobs:
            self._take_blob(blob)
        linked = [self._run(one, gather=False) for one in document.linked]
        main = self._run(_Run(document.run, document.entries))
        children = [self._run(one) for one in document.children]
        for one in linked:  # read first, because others share their rows; spelled last
            for row in one.rows:
                self._gathered.take(one.record.id, decode_entry(row.body))
        self._check_family(main, children, linked)
        self._check_content()
        file = RunFile(
            run=main,
            children=children,
            linked=linked,
            blobs=self._blobs,
            reenact=document.reenact,
            redacted=document.redacted,
            about=self._gathered.about(),
        )
        self._check_spelling(file, data)
        return file

    # --- rows

    def _run(self, told: _Run, *, gather: bool = True) -> PortableRun:
        where = f"{self._where}, run {told.run.id}"
        record = RunRecord(**msgspec.structs.asdict(told.run))
        audit = Audit(record, where)
        own = first_own(record)
        for shared in self._shared(record, own, where):
            _or_refused(audit.take, shared)
        rows = []
        for seq, row in enumerate(told.entries, own):
            made = Row(seq, bytes(row.entry), bytes.fromhex(row.checksum))
            entry = _or_refused(audit.take, made)
            self._check_entry(entry, made, where)
            if gather:
                self._gathered.take(record.id, entry)
            rows.append(made)
        _or_refused(audit.compare)
        if audit.projection() != record:
            raise PortableError(where, "its record is not what its rows add up to")
        if not (record.key or self._document.redacted):
            raise PortableError(where, "its record has no key")
        run = PortableRun(record, rows)
        self._runs[record.id] = run
        return run

    def _shared(self, record: RunRecord, count: int, where: str) -> list[Row]:
        """Return the rows that a fork shares, which a linked run has."""
        rows: list[Row] = []
        while count > len(rows):
            origin = origin_of(record)
            source = self._runs.get(origin.run_id) if origin is not None else None
            if source is None:
                raise PortableError(where, "the run whose rows it shares is not in the file")
            own = first_own(source.record)
            if own >= first_own(record) or own + len(source.rows) < first_own(record):
                raise PortableError(where, "it shares rows that are not in the file")
            rows = [*source.rows[: first_own(record) - own], *rows]
            record = source.record
            if own == 0:
                break
        return rows

    def _check_entry(self, entry: Entry, row: Row, where: str) -> None:
        if encode_entry(entry) != row.body:
            raise PortableError(where, f"row {row.seq} is not spelled as this program spells it")
        for value in (entry.input, entry.output):
            if value:
                self._check_value(bytes(value), f"row {row.seq}", where)
        if self._document.redacted:
            _check_left_out(entry, where)
            self._gathered.left_out += left_out(entry)

    def _check_value(self, data: bytes, what: str, where: str) -> None:
        """Refuse a value that JSON readers could understand differently."""
        try:
            if msgspec.json.encode(decode(data)) != data:
                raise PortableError(where, f"{what} holds a value that is not spelled as it should be")
            self._named.update(references(data))
        except (ValueError, TypeError, RecursionError) as error:
            raise PortableError(where, f"{what} makes no sense: {error}") from error

    # --- the family

    def _check_family(
        self, main: PortableRun, children: Sequence[PortableRun], linked: Sequence[PortableRun]
    ) -> None:
        lines = {main.record.id: prefix_of_children(main.record)}
        for child in children:
            record = child.record
            if record.parent not in lines.values():
                raise PortableError(self._where, f"run {record.id} is no child of a run before it")
            self._add_run(lines, record)
        for one in linked:
            self._add_run(lines, one.record)
        needed = {name for run in (main, *linked) for name in links(run.record).shared}
        there = {one.record.id for one in linked}
        if needed - {main.record.id} != there:
            raise PortableError(self._where, "the linked runs in it are not those that it cannot do without")

    def _add_run(self, lines: dict[str, str], record: RunRecord) -> None:
        if record.id in lines:
            raise PortableError(self._where, f"run {record.id} stands in it twice")
        lines[record.id] = prefix_of_children(record)

    # --- content

    def _take_blob(self, told: _Blob) -> None:
        if told.hash in self._blobs:
            raise PortableError(self._where, f"content {told.hash[:12]} stands in it twice")
        self._blobs[told.hash] = Blob(told.hash, bytes(told.data), told.chain)

    def _check_content(self) -> None:
        """Check that all content is what its name says, that none is missing, and none is in excess."""
        reached: set[str] = set()
        open_ = sorted(self._named)
        while open_:
            name = open_.pop()
            if name in reached:
                continue
            reached.add(name)
            blob = self._blobs.get(name)
            if blob is None:
                raise PortableError(self._where, f"content {str(name)[:12]!r} is missing")
            try:
                if msgspec.json.encode(decode(blob.data)) != blob.data:
                    raise PortableError(self._where, f"content {name[:12]} is not spelled as it should be")
                parts = self._parts(blob) if blob.chain else {}
                open_ += blob_references(blob)
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                raise PortableError(self._where, f"content {name[:12]} makes no sense: {error}") from error
            _or_refused(check_content, blob, parts, self._where)
        if reached != self._blobs.keys():
            spare = min(self._blobs.keys() - reached)
            raise PortableError(self._where, f"content {spare[:12]} is named by nothing in it")

    def _parts(self, link: Blob) -> dict[str, Blob]:
        """Return what the items of a link refer to, and what that refers to; nothing of other links."""
        parts: dict[str, Blob] = {}
        names = item_references(link)
        while names:
            name = names.pop()
            part = self._blobs[name]
            if part.chain:
                raise ValueError("an item of a conversation refers to a conversation")
            if name not in parts:
                parts[name] = part
                names += blob_references(part)
        return parts

    # --- the spelling

    def _check_spelling(self, file: RunFile, data: bytes) -> None:
        at = 0
        for piece in spell_file(file):
            if data[at : at + len(piece)] != piece:
                line = data.count(b"\n", 0, at + _common(data[at : at + len(piece)], piece)) + 1
                raise PortableError(
                    self._where, f"line {line} is not what an export writes for the rows that stand in it"
                )
            at += len(piece)


def _common(left: bytes, right: bytes) -> int:
    return next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), 0)


def _or_refused(check: Any, *args: Any) -> Any:
    """Call *check*; what it says is damaged is a file that is refused."""
    try:
        return check(*args)
    except DamagedError as error:
        raise PortableError(error.where, error.problem) from error


def _check_left_out(entry: Entry, where: str) -> None:
    """Refuse an entry of a redacted file that holds what should have been left out."""
    for value in (entry.input, entry.output):
        if value and not _is_left_out(bytes(value)):
            raise PortableError(where, f"row {entry.seq} holds content, and the file calls itself redacted")
    failure = entry.failure
    if failure is not None and not failure.message.startswith(f"{LEFT_OUT} "):
        raise PortableError(where, f"row {entry.seq} holds a message, and the file calls itself redacted")


_LEFT_OUT_BYTES = len(f'{{"{LEFT_OUT}":""}}') + DIGEST_HEX


def _is_left_out(data: bytes) -> bool:
    return data.startswith(f'{{"{LEFT_OUT}":"'.encode()) and len(data) == _LEFT_OUT_BYTES
