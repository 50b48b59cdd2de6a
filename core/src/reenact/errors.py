"""Every error the runtime raises, in one tree.

::

    ReenactError
    ├── UsageError              what was asked for makes no sense
    │   ├── ConfigError         a key or value in the TOML is wrong
    │   └── InputError          a workflow's arguments do not fit its signature
    ├── PluginError
    │   ├── NotInstalledError   no plugin offers the name
    │   ├── PluginConflictError two distributions offer one name
    │   └── BrokenPluginError   a plugin the config names could not be loaded
    ├── RunError
    │   ├── RunNotFoundError    no run, or more than one, has that id
    │   ├── RunConflictError    the run id is taken by a run with another input
    │   ├── RunOwnedError       another live process has the run
    │   ├── RunEndedError       the run has ended in a way that excludes the verb
    │   ├── RunKeptError        the run cannot be removed
    │   └── RunCancelledError   the run was cancelled
    ├── DivergenceError         the code and the record do not agree
    │   ├── ChangedInputError   a step's input is not the one on record
    │   └── ForkedBehindError   what was set for a fork changes what lies before it
    ├── NotDeterministicError   the workflow did what only a step may do
    ├── NotStorableError        a value has no faithful spelling in JSON
    ├── StepError               a step failed with an exception that cannot be rebuilt
    ├── InDoubtError            a step was started and nobody knows how it ended
    ├── PolicyDeniedError       a policy refused a call
    ├── OutputError             a model's answer does not fit the type asked for
    ├── TooManyRoundsError      a model goes on asking for tools
    ├── StoreError              the store could not read or write
    │   ├── DamagedError        what is stored is not what was written
    │   ├── NewerSchemaError    the database was written by a newer version
    │   └── LeaseLostError      another process has taken the run over
    └── ProviderError           a model's vendor did not answer as hoped
        ├── AuthenticationError · ForbiddenError · ModelNotFoundError
        ├── BadRequestError     └── ContextTooLongError
        ├── ContentFilterError
        ├── RateLimitedError    (retryable) · QuotaError
        ├── OverloadedError     (retryable)
        ├── ServerError         (retryable)
        ├── ProviderTimeoutError (retryable)
        ├── ConnectionLostError (retryable)
        └── MalformedAnswerError (retryable)

Facts are attributes, so that code need not parse messages. A message says what
happened, why, and what to do about it.
"""

import difflib
from typing import Any, ClassVar

import attrs


class ReenactError(Exception):
    """Base of every error of the runtime.

    Attributes:
        trace_id: The trace of the run it happened in, if it happened in one.
    """

    trace_id: str | None = None


@attrs.define
class UsageError(ReenactError):
    """What was asked for makes no sense, whatever the state of things."""

    problem: str

    def __str__(self) -> str:
        return self.problem


@attrs.define
class ConfigError(UsageError):
    """A key or a value in the configuration is wrong.

    Attributes:
        where: The TOML path, such as ``policies.ratelimit.limits``.
        source: The file, environment variable or argument it came from.
    """

    where: str = ""
    source: str = ""

    def __str__(self) -> str:
        place = f" in [{self.where}]" if self.where else ""
        source = f" ({self.source})" if self.source else ""
        return f"{self.problem}{place}{source}"


@attrs.define
class InputError(UsageError):
    """A workflow's arguments do not fit its signature."""


class PluginError(ReenactError):
    """Something about a plugin."""


@attrs.define
class NotInstalledError(PluginError):
    """No installed plugin offers the name asked for."""

    seam: str
    name: str
    offered: tuple[str, ...] = ()

    def __str__(self) -> str:
        offered = ", ".join(self.offered) or "none"
        return (
            f"no installed plugin offers a {self.seam} named {self.name!r} (on offer: {offered}); "
            f"install one, for example with: pip install reenact-{self.name}"
        )


@attrs.define
class PluginConflictError(PluginError):
    """Two distributions offer one name; nothing says which is meant."""

    seam: str
    name: str
    distributions: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.seam} {self.name!r} is offered by {' and '.join(self.distributions)}; "
            f"uninstall one, or list the other in [plugins] disabled"
        )


@attrs.define
class BrokenPluginError(PluginError):
    """A plugin that the configuration needs could not be loaded."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"plugin {self.name!r} could not be loaded: {self.reason}"


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
class RunCancelledError(RunError):
    """The run was cancelled, by a person or by the run that started it."""

    run_id: str
    reason: str = ""

    def __str__(self) -> str:
        return f"run {self.run_id!r} was cancelled" + (f": {self.reason}" if self.reason else "")


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


@attrs.define
class StoreError(ReenactError):
    """The store could not read or write; what was acknowledged is kept."""

    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


@attrs.define
class DamagedError(StoreError):
    """What is stored is not what was written. Nothing is repaired or overwritten."""


@attrs.define
class NewerSchemaError(StoreError):
    """The database was written by a newer version of the program."""


@attrs.define
class LeaseLostError(StoreError):
    """Another process has taken the run over; nothing of this one was written."""


@attrs.define
class ProviderError(ReenactError):
    """A model's vendor did not answer as hoped.

    Attributes:
        message: The vendor's words, or what went wrong on the way. Never a key, never a prompt.
        status: The HTTP status, if there was one.
        request_id: The vendor's name for the call, if it gave one.
        retry_after_s: How long the vendor asked to wait, in seconds.
        retryable: Whether the same request may succeed later.
    """

    retryable_by_kind: ClassVar[bool] = False

    provider: str
    message: str
    status: int | None = None
    request_id: str | None = None
    retry_after_s: float | None = None
    retryable: bool = attrs.field(default=attrs.Factory(lambda self: self.retryable_by_kind, takes_self=True))

    def __str__(self) -> str:
        status = f" (HTTP {self.status})" if self.status else ""
        return f"{self.provider}: {self.message}{status}"


class AuthenticationError(ProviderError):
    """The key is missing, wrong or expired."""


class ForbiddenError(ProviderError):
    """The key is good and may not do this."""


class ModelNotFoundError(ProviderError):
    """The vendor has no such model."""


class BadRequestError(ProviderError):
    """The vendor refuses the request as it is."""


class ContextTooLongError(BadRequestError):
    """The request has more tokens than the model takes."""


class ContentFilterError(ProviderError):
    """The vendor's filter refused the prompt or the answer."""


class QuotaError(ProviderError):
    """The account's quota or credit is used up; waiting does not help."""


class RateLimitedError(ProviderError):
    """Too many requests or tokens in a window."""

    retryable_by_kind = True


class OverloadedError(ProviderError):
    """The vendor has no capacity at the moment."""

    retryable_by_kind = True


class ServerError(ProviderError):
    """The vendor's server failed."""

    retryable_by_kind = True


class ProviderTimeoutError(ProviderError):
    """No answer within a limit of time; the message says which."""

    retryable_by_kind = True


class ConnectionLostError(ProviderError):
    """The connection could not be made, or broke."""

    retryable_by_kind = True


class MalformedAnswerError(ProviderError):
    """The answer is not what the vendor's format says."""

    retryable_by_kind = True


def did_you_mean(word: str, known: list[str] | tuple[str, ...]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest of *known*, or nothing."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
