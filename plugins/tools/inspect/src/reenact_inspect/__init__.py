"""What journals tell: how two runs differ, why a step got its input, whether new code or a policy fits.

.. code-block:: python

    from reenact_inspect import check, diff, why

    async with Runtime.open() as runtime:
        found = await diff(runtime, "3f2a", "last")
        print(found.first)

Nothing here calls a model or a tool, and nothing is written.
"""

from reenact_inspect.backtests import BacktestReport, backtest
from reenact_inspect.checks import Checked, CheckReport, check
from reenact_inspect.differences import Cause, First, RunDiff, StepDiff, Totals, diff
from reenact_inspect.flow import Link
from reenact_inspect.journals import Step
from reenact_inspect.reasons import Reason, Why, why
from reenact_inspect.tally import Counts, Example, PolicyReport
from reenact_inspect.values import Change, diff_values

__all__ = [
    "BacktestReport",
    "Cause",
    "Change",
    "CheckReport",
    "Checked",
    "Counts",
    "Example",
    "First",
    "Link",
    "PolicyReport",
    "Reason",
    "RunDiff",
    "Step",
    "StepDiff",
    "Totals",
    "Why",
    "backtest",
    "check",
    "diff",
    "diff_values",
    "why",
]
