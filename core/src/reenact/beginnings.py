"""How a run begins: what is decided about it, its record, and the first entry of its journal."""

import hashlib
import re

import attrs

from reenact.closing import continued_id
from reenact.content import pack
from reenact.errors import UsageError
from reenact.execution import Execution
from reenact.records import NO_CHANGES, Changes, Origin, RunRecord
from reenact.services import Services
from reenact.source import source_hash
from reenact.steps import WorkflowSpec
from reenact.trace import new_trace_id

RUN_ID_HEX = 16

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}", re.ASCII)


@attrs.frozen(kw_only=True)
class Beginning:
    """What is decided about a run before it begins.

    Attributes:
        run_id: Its id; made up if None.
        trace_id: The trace it belongs to; a new one if None.
        parent: The ids of the runs whose child it is, outermost first, with slashes between; empty if none.
        target: Where the command line found the workflow.
        suspend: Give it back when it waits for somebody.
        source: The run that it re-runs.
        origin: Which run it comes from and how, if it does and is no re-run.
        changes: What is set for it.
        key: Its key; that of *source*, or a new one, if empty.
    """

    run_id: str | None = None
    trace_id: str | None = None
    parent: str = ""
    target: str = ""
    suspend: bool = False
    source: RunRecord | None = None
    origin: str = ""
    changes: Changes = NO_CHANGES
    key: str = ""

    def record(self, spec: WorkflowSpec, input_hash: str, services: Services, owner: str) -> RunRecord:
        """Return the record of a run of *spec* that begins now.

        Raises:
            UsageError: If its id can be none.
        """
        check_run_id(self.run_id)
        now_ns = services.clock.now_ns()
        source = self.source
        return RunRecord(
            id=self.run_id or services.draw(RUN_ID_HEX // 2),
            trace_id=self.trace_id or new_trace_id(services.draw),
            workflow=spec.name,
            version=spec.version,
            target=self.target,
            key=source.key if source else self.key or services.draw(16),
            parent=self.parent,
            origin=str(Origin("rerun", source.id)) if source else self.origin,
            input_hash=input_hash,
            created_ns=now_ns,
            updated_ns=now_ns,
            owner=owner,
            epoch=1,
        )


def continuation(run: RunRecord, *, suspend: bool) -> Beginning:
    """Return how the run begins in which *run* goes on; its id follows from that run's."""
    run_id = continued_id(run.id)
    return Beginning(
        run_id=run_id,
        trace_id=run.trace_id,
        parent=run.parent,
        target=run.target,
        suspend=suspend,
        origin=str(Origin("continued", run.id)),
        key=derived_key(run.key, run_id),
    )


def begin(execution: Execution, spec: WorkflowSpec, data: bytes, changes: Changes, *, release: bool) -> None:
    """Have the next write of a run create it.

    Args:
        execution: The run.
        spec: Its code.
        data: Its input, spelled.
        changes: What is set for it.
        release: Give it back in the same write, for whoever takes it up.
    """
    book = execution.book
    book.code = source_hash(spec.fn)
    began_ns = execution.earlier.began_ns if execution.earlier else 0
    stored = pack(data, book.blobs)
    book.begin(execution.run.input_hash, stored, began_ns=began_ns, changes=changes, release=release)
    execution.history.changes = changes


def check_run_id(run_id: str | None) -> None:
    """Refuse what can be no run's id.

    Raises:
        UsageError: If it holds other characters than it may.
    """
    if run_id is not None and not _RUN_ID.fullmatch(run_id):
        raise UsageError(f"{run_id!r} is no run id: letters, digits and . _ : - only, 128 at most")


def derived_key(key: str, run_id: str) -> str:
    """Return the key of a run that follows from the run with *key*, such as a child of it."""
    return hashlib.sha256(f"{key} {run_id}".encode()).hexdigest()[:32]
