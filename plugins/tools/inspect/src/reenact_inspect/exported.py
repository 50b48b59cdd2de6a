"""Runs that were exported into files, taken into a store to be replayed there."""

from collections.abc import Sequence
from pathlib import Path

from reenact.errors import ReenactError, UsageError
from reenact.records import RunRecord, Status
from reenact.stores import Store

from reenact_inspect.checks import Checked


async def take_in(store: Store, files: Sequence[Path]) -> tuple[list[RunRecord], list[Checked]]:
    """Read and verify exported runs, and put them with their child runs into *store*.

    Args:
        store: Where they go; one in memory, as a rule.
        files: The files.

    Returns:
        The runs, and for each file that could not be taken in why not.

    Raises:
        UsageError: If what reads such files is not installed.
    """
    try:
        from reenact_portable import import_run, read_file
    except ImportError as error:
        raise UsageError(
            "exported runs are read by reenact-portable, which is not installed; install it with: "
            "pip install reenact-portable"
        ) from error
    taken: list[RunRecord] = []
    refused: list[Checked] = []
    for path in files:
        try:
            taken.append(await import_run(store, read_file(path)))
        except ReenactError as error:
            nameless = RunRecord(id=path.name, trace_id="", workflow="a file", status=Status.PENDING)
            refused.append(Checked(run=nameless, verdict="unchecked", problem=str(error)))
    return taken, refused
