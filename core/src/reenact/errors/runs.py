"""What is wrong with a run as a whole."""

import attrs

from reenact.errors.base import ReenactError


class RunError(ReenactError):
    """Something about one run."""


@attrs.define
class RunNotFoundError(RunError):
    """No run has that id, or a prefix that more than one has."""

    run_id: str
    candidates: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.candidates:
            listed = ", ".join(self.candidates)
            return f"{self.run_id!r} begins the ids of several runs: {listed}; give more of it"
        return f"no run has the id {self.run_id!r}; 'reenact ls' lists them"


@attrs.define
class RunConflictError(RunError):
    """The run id is taken by a run of another workflow or with another input."""

    run_id: str
    what: str

    def __str__(self) -> str:
        return (
            f"run {self.run_id!r} exists with another {self.what}; "
            f"give this one another run id, or leave the id out"
        )


@attrs.define
class RunOwnedError(RunError):
    """Another live process has the run.

    Attributes:
        owner: Who has it: process and host, in words.
        until_ns: When its lease ends unless it is renewed, ns since the epoch.
    """

    run_id: str
    owner: str
    until_ns: int

    def __str__(self) -> str:
        from reenact.trace import iso_time

        return (
            f"run {self.run_id!r} is owned by {self.owner} until {iso_time(self.until_ns)} "
            f"(its lease is renewed while it lives); wait for it, or stop that process"
        )


@attrs.define
class RunEndedError(RunError):
    """The run has ended in a way that excludes what was asked for."""

    run_id: str
    status: str
    remedy: str

    def __str__(self) -> str:
        return f"run {self.run_id!r} has ended ({self.status}); {self.remedy}"


@attrs.define
class RunKeptError(RunError):
    """The run cannot be removed: it has not ended, or another run needs it."""

    run_id: str
    reason: str

    def __str__(self) -> str:
        return f"run {self.run_id!r} is kept: {self.reason}"


@attrs.define
class DeadlockError(RunError):
    """The workflow waits for something that nothing can bring any more.

    Attributes:
        at: Where its tasks wait, as ``file:line``.
    """

    run_id: str
    at: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f" at {', '.join(self.at)}" if self.at else ""
        return (
            f"run {self.run_id!r} waits{where} for what nothing can bring any more: no step, timer or signal "
            f"of it is under way; mend the workflow, and resume the run"
        )


@attrs.define
class RunCancelledError(RunError):
    """The run was cancelled, by a person or by the run that started it."""

    run_id: str
    reason: str = ""

    def __str__(self) -> str:
        return f"run {self.run_id!r} was cancelled" + (f": {self.reason}" if self.reason else "")
