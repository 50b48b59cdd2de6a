"""Where a run comes from: another run that it was forked from, or that it is a re-run of."""

import attrs
from reenact.records import RunRecord


@attrs.frozen
class Origin:
    """The run that another one was made from.

    Attributes:
        kind: ``fork`` or ``rerun``.
        run_id: Which run.
    """

    kind: str
    run_id: str


def origin_of(record: RunRecord) -> Origin | None:
    """Return what a run was made from; None if it was simply started."""
    linked: str = getattr(record, "origin", "")
    if not linked:
        return None
    kind, colon, run_id = linked.partition(":")
    return Origin(kind, run_id) if colon and kind in ("fork", "rerun") else Origin("fork", linked)
