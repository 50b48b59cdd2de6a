"""Where code of a run is, and the time, chance and names that a replay repeats."""

import asyncio
import random as random_module
import time
import uuid as uuid_module

import attrs

from reenact.asking import checked_name, running
from reenact.errors import UsageError
from reenact.execution import Execution
from reenact.scopes import current_scope
from reenact.steps import StepContext, current_step


@attrs.frozen
class Here:
    """Where code of a run is.

    Attributes:
        run_id: The run.
        trace_id: Its trace, 32 hex digits.
        path: The step, or in workflow code the scope.
        attempt: Which try of the step, from 1.
        idempotency_key: In a step, names the logical call; empty in workflow code.
    """

    run_id: str
    trace_id: str
    path: str
    attempt: int = 1
    idempotency_key: str = ""
    _execution: Execution | None = attrs.field(default=None, repr=False)

    def _drawn(self, name: str) -> random_module.Random:
        execution = self._execution
        if execution is None:
            return random_module.Random()  # not for secrets
        path = current_scope.get().path(name)
        return random_module.Random(f"{execution.run.key}\n{path}")  # repeats on replay

    def now(self) -> float:
        """Return the run's time in seconds since the epoch: that of the latest thing it was told."""
        return asyncio.get_running_loop().time() if self._execution else time.time()

    def random(self) -> float:
        """Return a number in [0, 1) that a replay repeats. Not for secrets."""
        return self._drawn(":random").random()

    def uuid4(self) -> uuid_module.UUID:
        """Return a UUID that a replay repeats. Not for secrets."""
        return uuid_module.UUID(int=self._drawn(":uuid").getrandbits(128), version=4)


def patched(name: str) -> bool:
    """Say whether this run takes the new branch of a change to its workflow's code.

    .. code-block:: python

        if patched("ask-twice"):
            answer = await ask_twice(question)
        else:
            answer = await ask(question)

    A run that was past this point before the code was changed takes the old branch, always; any
    other takes the new one, and has that on record. When no run from before is left that may be
    resumed or replayed, the branch can go.

    Args:
        name: Of the change; the same name has the same answer throughout a run.

    Raises:
        UsageError: Outside workflow code.
    """
    execution = running()
    if execution is None:
        raise UsageError(f"patched({name!r}) can be asked in workflow code only")
    return execution.patched(checked_name(name))


def current() -> Here:
    """Return where the code that asks is.

    Raises:
        UsageError: Outside a run.
    """
    execution = running()
    if execution is not None:
        scope = current_scope.get().prefix.removesuffix("/")
        return Here(execution.run.id, execution.run.trace_id, scope, execution=execution)
    step_context: StepContext | None = current_step.get()
    if step_context is None:
        raise UsageError("there is no current run here; current() works in workflows and steps")
    trace = step_context.trace
    return Here(trace.run_id, trace.trace_id, trace.path, trace.attempt, step_context.idempotency_key)
