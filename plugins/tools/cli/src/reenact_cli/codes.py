"""What the command exits with.

::

    0    it went well
    1    it failed: the run did, or the command could not do what it was asked
    2    the command line or the configuration makes no sense
    3    the code and the record of a run do not agree; or, if asked, may not agree elsewhere
    4    the run waits for somebody
    5    a step of the run is in doubt and waits for a decision
    6    a policy refused, and the run failed of it
    130  stopped by SIGINT    143  stopped by SIGTERM
"""

from reenact.errors import (
    DivergenceError,
    InDoubtError,
    PluginError,
    PolicyDeniedError,
    RunConflictError,
    RunNotFoundError,
    UsageError,
)
from reenact.records import Failure, RunRecord, Status

OK, FAILED, USAGE, DIVERGED, WAITING, IN_DOUBT, DENIED = range(7)

_BY_ERROR: tuple[tuple[type[BaseException], int], ...] = (
    (UsageError, USAGE),
    (RunNotFoundError, USAGE),
    (RunConflictError, USAGE),
    (PluginError, USAGE),
    (DivergenceError, DIVERGED),
    (InDoubtError, IN_DOUBT),
    (PolicyDeniedError, DENIED),
)

_BY_STATUS = {
    Status.SUCCEEDED: OK,
    Status.WAITING: WAITING,
    Status.IN_DOUBT: IN_DOUBT,
    Status.DENIED: DENIED,
}

_DENIED_TYPE = f"{PolicyDeniedError.__module__}.{PolicyDeniedError.__qualname__}"


def of_error(error: BaseException) -> int:
    """Return the code for an error that ended a command."""
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), FAILED)


def of_run(record: RunRecord, failed_with: BaseException | Failure | None = None) -> int:
    """Return the code for what a run has become.

    Args:
        record: The run.
        failed_with: The exception it failed with, or its record.
    """
    if record.status is Status.FAILED and _was_denied(failed_with):
        return DENIED
    return _BY_STATUS.get(record.status, FAILED)


def _was_denied(failed_with: BaseException | Failure | None) -> bool:
    if isinstance(failed_with, Failure):
        return failed_with.type == _DENIED_TYPE
    return isinstance(failed_with, PolicyDeniedError)
