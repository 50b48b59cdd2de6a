"""What a step comes to that has no answer."""

import attrs

from reenact.errors.base import ReenactError


@attrs.define
class NotStorableError(ReenactError):
    """A value has no spelling in JSON from which it could be read back.

    Attributes:
        at: Where in the value, such as ``$.items[3].price``.
    """

    at: str
    problem: str

    def __str__(self) -> str:
        return f"value at {self.at} cannot be stored: {self.problem}"


@attrs.define
class StepError(ReenactError):
    """A step failed with an exception that cannot be rebuilt from the record.

    It is what the workflow sees, live and on replay alike; live, the exception
    itself is its ``__cause__``.
    """

    type_name: str
    message: str

    def __str__(self) -> str:
        return f"{self.type_name}: {self.message}"


@attrs.define
class InDoubtError(ReenactError):
    """A step was started, has no outcome on record, and may not be run again unasked."""

    run_id: str
    path: str
    reason: str

    def __str__(self) -> str:
        return (
            f"step {self.path!r} of run {self.run_id!r} is in doubt: {self.reason}; find out, then: "
            f"reenact resolve {self.run_id} '{self.path}' --done VALUE | --retry | --fail REASON"
        )


@attrs.define
class PolicyDeniedError(ReenactError):
    """A policy refused a call, or a call's result."""

    policy: str
    reason: str
    stage: str = "request"

    def __str__(self) -> str:
        return f"policy {self.policy!r} denied the {self.stage}: {self.reason}"


@attrs.define
class OutputError(ReenactError):
    """A model's answer does not fit the type asked for, also after being told so.

    Attributes:
        answer: The answer as it came.
    """

    wanted: str
    problem: str
    answer: str

    def __str__(self) -> str:
        return f"the answer does not fit {self.wanted}: {self.problem}; the answer was: {self.answer[:500]}"


@attrs.define
class TooManyRoundsError(ReenactError):
    """A model goes on asking for tools after the rounds it was given."""

    path: str
    rounds: int

    def __str__(self) -> str:
        return f"{self.path!r} asked for tools in {self.rounds} rounds and has not answered; raise max_rounds"
