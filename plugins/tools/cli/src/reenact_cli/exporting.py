"""One run as one JSON document: records, entries, content.

::

    {"format": 1, "reenact": "0.1.0",
     "run": {...}, "entries": [{"checksum": "…", "entry": {...}}, …],
     "children": [{"run": {...}, "entries": […]}, …],
     "blobs": [{"hash": "…", "chain": false, "data": …}, …]}

Entries and blobs stand in it in the very characters that their checksums are over, so
that a reader which keeps raw JSON can verify them, and any other can just read them.
"""

import contextlib
import json
import os
import re
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
from reenact.content import Blob, blob_is_whole, references
from reenact.desk import Desk
from reenact.errors import DamagedError, StoreError
from reenact.history import load_blobs
from reenact.records import Row, RunRecord, decode_entry

from reenact_cli.journals import children

FORMAT = 1

_NOT_ASCII = re.compile("[^\x00-\x7f]+")


@attrs.frozen
class Exported:
    """An export.

    Attributes:
        data: The document.
        runs: How many runs are in it.
        entries: How many entries.
    """

    data: bytes
    runs: int
    entries: int


async def export_run(desk: Desk, record: RunRecord) -> Exported:
    """Return a run and its child runs as one document.

    Raises:
        DamagedError: If anything of it is not what was written.
    """
    family = [record, *await _descendants(desk, record)]
    rows = {one.id: await _rows(desk, one) for one in family}
    names = {name for found in rows.values() for row in found for name in _references(row)}
    blobs = await load_blobs(desk.store, names, desk.store.where)
    for blob in blobs.values():
        if not blob_is_whole(blob, blobs.__getitem__):
            raise DamagedError(desk.store.where, f"content {blob.hash[:12]} was changed after it was written")
    head = {"format": FORMAT, "reenact": _version()}
    lines = [
        *(f"{_json(key)}:{_json(value)}" for key, value in head.items()),
        _spell_run(record, rows[record.id]),
        f'"children":[{",".join("{" + _spell_run(one, rows[one.id]) + "}" for one in family[1:])}]',
        f'"blobs":[{",".join(_spell_blob(blob) for _, blob in sorted(blobs.items()))}]',
    ]
    data = ("{" + ",\n".join(lines) + "}\n").encode()
    return Exported(data, len(family), sum(map(len, rows.values())))


async def _descendants(desk: Desk, record: RunRecord) -> list[RunRecord]:
    found = []
    for child in await children(desk.store, record):
        found += [child, *await _descendants(desk, child)]
    return found


async def _rows(desk: Desk, record: RunRecord) -> list[Row]:
    await desk.verify(record.id)
    return [row async for batch in desk.store.rows(record.id) for row in batch]


def _references(row: Row) -> Sequence[str]:
    entry = decode_entry(row.body)
    return [*references(bytes(entry.input)), *references(bytes(entry.output))]


def _spell_run(record: RunRecord, rows: Sequence[Row]) -> str:
    spelled = attrs.asdict(record) | {"status": record.status.value, "owner": "", "until_ns": 0}
    entries = ",\n".join(f'{{"checksum":"{row.checksum.hex()}","entry":{row.body.decode()}}}' for row in rows)
    return f'"run":{_json(spelled)},"entries":[\n{entries}]'


def _spell_blob(blob: Blob) -> str:
    return f'\n{{"hash":{_json(blob.hash)},"chain":{_json(blob.chain)},"data":{blob.data.decode()}}}'


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True)


def _version() -> str:
    from importlib.metadata import version

    return version("reenact-core")


def as_text(data: bytes) -> str:
    """Return a document as it may be printed: on a terminal what is not ASCII is escaped, as JSON has it.

    Escaped, it says the same, but is no longer the characters that checksums are over.
    """
    text = data.decode().removesuffix("\n")
    if not sys.stdout.isatty():
        return text
    return _NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text).replace("\x7f", "\\u007f")


def write_file(path: Path, data: bytes, *, force: bool = False) -> None:
    """Write a file that only its owner can read, whole or not at all.

    Args:
        path: The file.
        data: Its content.
        force: Take the place of a file that exists.

    Raises:
        StoreError: If it exists, or cannot be written.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        if not force and (path.exists() or path.is_symlink()):
            raise StoreError(str(path), "it exists; --force overwrites it")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if force:
            part.replace(path)
        else:
            os.link(part, path)  # refuses what was made in the meantime
    except FileExistsError as error:
        raise StoreError(str(path), "it exists; --force overwrites it") from error
    except OSError as error:
        raise StoreError(str(path), f"it cannot be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
