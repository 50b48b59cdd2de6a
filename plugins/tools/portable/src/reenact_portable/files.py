"""Files that only their owner can read, written whole or not at all."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from reenact.errors import StoreError

from reenact_portable.exporting import Export, Exported


def write_file(path: Path, data: bytes, *, force: bool = False) -> None:
    """Write a file that only its owner can read, whole or not at all.

    Args:
        path: The file.
        data: Its content.
        force: Take the place of a file that exists.

    Raises:
        StoreError: If it exists, or cannot be written.
    """
    with _replacing(path, force=force) as file:
        file.write(data)


async def write_run(path: Path, export: Export, *, force: bool = False) -> Exported:
    """Write an export into a file, piece by piece, as `write_file` does.

    Args:
        path: The file.
        export: What `reenact_portable.spell_run` returned.
        force: Take the place of a file that exists.

    Raises:
        StoreError: If it exists, or cannot be written.
        DamagedError: If anything of the run is not what was written.
    """
    size = 0
    with _replacing(path, force=force) as file:
        async for piece in export.pieces():
            size += file.write(piece)
    return Exported(b"", export.runs, export.entries, size)


@contextmanager
def _replacing(path: Path, *, force: bool) -> Iterator[IO[bytes]]:
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        if not force and (path.exists() or path.is_symlink()):
            raise StoreError(str(path), "it exists; --force overwrites it")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file
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
