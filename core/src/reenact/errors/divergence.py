"""The code and the record do not agree, or could not have."""

from typing import Any

import attrs

from reenact.errors.base import ReenactError


@attrs.frozen(kw_only=True)
class Asked:
    """A step that was asked for: in the run that is on record, or by the code of now.

    Attributes:
        path: Where it stands in the run.
        kind: What kind of step.
        name: Its name.
        input_hash: SHA-256 of its input, in hex.
        site: File and line of the call.
        scrubbed: A policy changed the input before it was stored.
    """

    path: str
    kind: str
    name: str
    input_hash: str = ""
    site: str = ""
    scrubbed: bool = False


@attrs.define
class DivergenceError(ReenactError):
    """The code asked for something else than the record holds.

    Attributes:
        path: Where in the run.
        expected: What the record holds there, in words.
        found: What the code asked for, in words.
        diff: Both inputs as a unified diff, if there are two.
        then: The step that was asked for when the run was recorded; None if it is not about one.
        now: The step that the code asks for now; None if it asks for none.
        inputs: Their inputs, plain; None where there is none, nobody has read it, or a policy
            scrubbed it.
    """

    run_id: str
    path: str
    expected: str
    found: str
    diff: str = ""
    then: Asked | None = None
    now: Asked | None = None
    inputs: tuple[Any, Any] = attrs.field(default=(None, None), repr=False)

    def __str__(self) -> str:
        text = (
            f"run {self.run_id!r} diverges at {self.path!r}: the record has {self.expected}, "
            f"the code has {self.found}"
        )
        return f"{text}\n{self.diff}" if self.diff else text


@attrs.define
class ChangedInputError(DivergenceError):
    """A step's input is not the one on record, and the run may not go on with another."""

    def __str__(self) -> str:
        text = (
            f"the input of {self.path!r} in run {self.run_id!r} has changed: on record {self.expected}, "
            f"now {self.found}; resume with on_changed_input='reexecute' to run it again"
        )
        return f"{text}\n{self.diff}" if self.diff else text


@attrs.define
class ForkedBehindError(DivergenceError):
    """What was set for a fork changes a step that lies before the one it was forked at."""

    def __str__(self) -> str:
        text = (
            f"run {self.run_id!r} keeps what lies before the step it was forked at, and the input of "
            f"{self.path!r} there would change: on record {self.expected}, now {self.found}; "
            f"fork at {self.path!r}, or re-run the run"
        )
        return f"{text}\n{self.diff}" if self.diff else text


@attrs.define
class NotDeterministicError(ReenactError):
    """The workflow did something whose result a replay could not repeat.

    Attributes:
        what: What was called.
        where: File and line of the call.
    """

    what: str
    where: str
    remedy: str = "do this in a step"

    def __str__(self) -> str:
        return f"{self.what} is not deterministic in a workflow ({self.where}): {self.remedy}"
