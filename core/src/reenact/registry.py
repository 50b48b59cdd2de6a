"""Which code belongs to a workflow's name, as far as one runtime knows.

What it has run under a name goes before what is defined under it in this process, so
that two workflows of one name do not get in each other's way.
"""

from collections.abc import Callable
from typing import Any

from reenact.errors import UsageError, did_you_mean
from reenact.records import RunRecord
from reenact.steps import WorkflowSpec
from reenact.workflows import WORKFLOWS, Workflow


class Registry:
    """The workflows that a runtime has met."""

    def __init__(self) -> None:
        self._met: dict[str, WorkflowSpec] = {}

    def add(self, spec: WorkflowSpec) -> None:
        """Know a workflow by its name from now on."""
        self._met[spec.name] = spec

    def meet(self, workflow: Callable[..., Any]) -> WorkflowSpec:
        """Return how a workflow is declared, and know it by its name from now on.

        Raises:
            UsageError: If it is none.
        """
        spec = spec_of(workflow)
        self._met[spec.name] = spec
        return spec

    def loaded(self, record: RunRecord) -> WorkflowSpec | None:
        """Return the code of a run: what was met under its name, or what is defined under it."""
        found = WORKFLOWS.get(record.workflow)
        return self._met.get(record.workflow) or (found.spec if found is not None else None)

    def code_of(self, record: RunRecord, workflow: Callable[..., Any] | None) -> WorkflowSpec:
        """Return the code of a run: *workflow* if it is given, else what is loaded.

        Raises:
            UsageError: If nothing is.
        """
        if workflow is not None:
            return self.meet(workflow)
        found = self.loaded(record)
        if found is None:
            hint = did_you_mean(record.workflow, list(WORKFLOWS))
            raise UsageError(
                f"the code of workflow {record.workflow!r} (run {record.id}) is not loaded{hint}; "
                f"import the module that defines it, or pass the workflow"
            )
        return found


def spec_of(workflow: Callable[..., Any]) -> WorkflowSpec:
    """Return how a workflow is declared.

    Raises:
        UsageError: If it is none.
    """
    if isinstance(workflow, Workflow):
        return workflow.spec
    name = getattr(workflow, "__qualname__", repr(workflow))
    raise UsageError(f"{name} is not a workflow; put @workflow above it")
