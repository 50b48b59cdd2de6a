"""Where a run comes from: the run that it was forked from, or is a re-run of."""

from reenact import records
from reenact.records import Origin, RunRecord


def origin_of(record: RunRecord) -> Origin | None:
    """Return the run that *record* is another version of; None if there is none.

    A run that goes on from another one is no version of it.
    """
    origin = records.origin_of(record)
    return origin if origin is not None and origin.how in ("fork", "rerun") else None
