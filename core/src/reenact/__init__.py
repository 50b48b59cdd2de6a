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

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reenact.agents import complete, llm
    from reenact.authoring import Step, Tool, step, tool
    from reenact.blocks import parallel
    from reenact.config import Config
    from reenact.desk import Desk, Resolution
    from reenact.handle import Handle
    from reenact.here import current, patched
    from reenact.hookspecs import hookimpl
    from reenact.judging import Allow, Deny, Modify, PolicyContext, Settlement, Wait
    from reenact.llm import (
        LlmEvent,
        LlmMessage,
        LlmRequest,
        LlmResponse,
        Part,
        Usage,
        assistant,
        system,
        user,
    )
    from reenact.plugins import Plugins
    from reenact.policy import policy
    from reenact.records import Status
    from reenact.runtime import Runtime
    from reenact.seams import Offer
    from reenact.steps import NotDone, Retry
    from reenact.stores import RunFilter
    from reenact.views import Run, RunView, StepView
    from reenact.waits import approve, sleep, wait_signal
    from reenact.workflows import Workflow, continue_as_new, workflow

__version__ = "0.1.0"

_HOMES = {
    "Allow": "judging",
    "Config": "config",
    "Deny": "judging",
    "Desk": "desk",
    "Handle": "handle",
    "LlmEvent": "llm",
    "LlmMessage": "llm",
    "LlmRequest": "llm",
    "LlmResponse": "llm",
    "Modify": "judging",
    "NotDone": "steps",
    "Offer": "seams",
    "Part": "llm",
    "Plugins": "plugins",
    "PolicyContext": "judging",
    "Resolution": "desk",
    "Retry": "steps",
    "Run": "views",
    "RunFilter": "stores",
    "Settlement": "judging",
    "Wait": "judging",
    "RunView": "views",
    "Runtime": "runtime",
    "Status": "records",
    "Step": "authoring",
    "StepView": "views",
    "Tool": "authoring",
    "Usage": "llm",
    "Workflow": "workflows",
    "approve": "waits",
    "assistant": "llm",
    "complete": "agents",
    "continue_as_new": "workflows",
    "current": "here",
    "hookimpl": "hookspecs",
    "llm": "agents",
    "parallel": "blocks",
    "patched": "here",
    "policy": "policy",
    "sleep": "waits",
    "step": "authoring",
    "system": "llm",
    "tool": "authoring",
    "user": "llm",
    "wait_signal": "waits",
    "workflow": "workflows",
}
"""Where each public name lives; it is imported when it is first used, which halves the start of a process."""


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'reenact' has no attribute {name!r}")
    value = getattr(import_module(f"reenact.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])


class _Package(ModuleType):
    """Keeps `llm` and `policy` functions, whichever of the modules of those names is imported when."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


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
    "Settlement",
    "Status",
    "Step",
    "StepView",
    "Tool",
    "Usage",
    "Wait",
    "Workflow",
    "approve",
    "assistant",
    "complete",
    "continue_as_new",
    "current",
    "hookimpl",
    "llm",
    "parallel",
    "patched",
    "policy",
    "sleep",
    "step",
    "system",
    "tool",
    "user",
    "wait_signal",
    "workflow",
]
