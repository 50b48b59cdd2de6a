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
    │   ├── RunCancelledError   the run was cancelled
    │   └── DeadlockError       the workflow waits for what nothing can bring any more
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

from reenact.errors.base import (
    BrokenPluginError,
    ConfigError,
    InputError,
    NotInstalledError,
    PluginConflictError,
    PluginError,
    ReenactError,
    UsageError,
    did_you_mean,
)
from reenact.errors.divergence import (
    Asked,
    ChangedInputError,
    DivergenceError,
    ForkedBehindError,
    NotDeterministicError,
)
from reenact.errors.providers import (
    AuthenticationError,
    BadRequestError,
    ConnectionLostError,
    ContentFilterError,
    ContextTooLongError,
    ForbiddenError,
    MalformedAnswerError,
    ModelNotFoundError,
    OverloadedError,
    ProviderError,
    ProviderTimeoutError,
    QuotaError,
    RateLimitedError,
    ServerError,
)
from reenact.errors.runs import (
    DeadlockError,
    RunCancelledError,
    RunConflictError,
    RunEndedError,
    RunError,
    RunKeptError,
    RunNotFoundError,
    RunOwnedError,
)
from reenact.errors.steps import (
    InDoubtError,
    NotStorableError,
    OutputError,
    PolicyDeniedError,
    StepError,
    TooManyRoundsError,
)
from reenact.errors.stores import DamagedError, LeaseLostError, NewerSchemaError, StoreError

__all__ = [
    "Asked",
    "AuthenticationError",
    "BadRequestError",
    "BrokenPluginError",
    "ChangedInputError",
    "ConfigError",
    "ConnectionLostError",
    "ContentFilterError",
    "ContextTooLongError",
    "DamagedError",
    "DeadlockError",
    "DivergenceError",
    "ForbiddenError",
    "ForkedBehindError",
    "InDoubtError",
    "InputError",
    "LeaseLostError",
    "MalformedAnswerError",
    "ModelNotFoundError",
    "NewerSchemaError",
    "NotDeterministicError",
    "NotInstalledError",
    "NotStorableError",
    "OutputError",
    "OverloadedError",
    "PluginConflictError",
    "PluginError",
    "PolicyDeniedError",
    "ProviderError",
    "ProviderTimeoutError",
    "QuotaError",
    "RateLimitedError",
    "ReenactError",
    "RunCancelledError",
    "RunConflictError",
    "RunEndedError",
    "RunError",
    "RunKeptError",
    "RunNotFoundError",
    "RunOwnedError",
    "ServerError",
    "StepError",
    "StoreError",
    "TooManyRoundsError",
    "UsageError",
    "did_you_mean",
]
