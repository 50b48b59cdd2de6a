"""A run as one portable file: JSON, whole, and verified before anything trusts it.

.. code-block:: python

    exported = await export_run(desk, await desk.find("last"))
    write_file(Path("run.json"), exported.data)

    file = read_file(Path("run.json"))
    record = await import_run(store, file)

A file is valid if and only if it is what an export would write: it is read, checked and
spelled again, and must come out the same, byte for byte.
"""

from reenact_portable.exporting import Exported, export_run, spell_run
from reenact_portable.files import write_file, write_run
from reenact_portable.importing import import_run
from reenact_portable.model import (
    FILE_BYTES_MAX,
    FORMAT,
    Limits,
    PortableError,
    PortableRun,
    RedactionReport,
    RunFile,
)
from reenact_portable.reading import read_bytes, read_file

__all__ = [
    "FILE_BYTES_MAX",
    "FORMAT",
    "Exported",
    "Limits",
    "PortableError",
    "PortableRun",
    "RedactionReport",
    "RunFile",
    "export_run",
    "import_run",
    "read_bytes",
    "read_file",
    "spell_run",
    "write_file",
    "write_run",
]
