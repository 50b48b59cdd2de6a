"""Reenact: a pluggable, in-process runtime that makes AI workflows deterministic.

.. code-block:: python

    from reenact import Runtime, llm, step, workflow

    @step
    async def fetch(url: str) -> str: ...

    @workflow
    async def summarise(url: str) -> str:
        return await llm("smart", f"Summarise:\\n{await fetch(url)}")

    async with Runtime.open() as runtime:
        run = await runtime.run(summarise, "https://example.com")
"""

from reenact.agents import complete, llm
from reenact.authoring import Step, Tool, step, tool
from reenact.blocks import parallel
from reenact.config import Config
from reenact.desk import Desk, Resolution
from reenact.here import current
from reenact.hookspecs import hookimpl
from reenact.llm import LlmEvent, LlmMessage, LlmRequest, LlmResponse, Part, Usage, assistant, system, user
from reenact.plugins import Plugins
from reenact.policy import policy
from reenact.records import Status
from reenact.runtime import Handle, Runtime
from reenact.seams import Allow, Deny, Modify, Offer, PolicyContext, RunFilter
from reenact.steps import NotDone, Retry
from reenact.views import Run, RunView, StepView
from reenact.waits import approve, sleep, wait_signal
from reenact.workflows import Workflow, workflow

__version__ = "0.1.0"

__all__ = [
    "Allow",
    "Config",
    "Deny",
    "Desk",
    "Handle",
    "LlmEvent",
    "LlmMessage",
    "LlmRequest",
    "LlmResponse",
    "Modify",
    "NotDone",
    "Offer",
    "Part",
    "Plugins",
    "PolicyContext",
    "Resolution",
    "Retry",
    "Run",
    "RunFilter",
    "RunView",
    "Runtime",
    "Status",
    "Step",
    "StepView",
    "Tool",
    "Usage",
    "Workflow",
    "approve",
    "assistant",
    "complete",
    "current",
    "hookimpl",
    "llm",
    "parallel",
    "policy",
    "sleep",
    "step",
    "system",
    "tool",
    "user",
    "wait_signal",
    "workflow",
]
