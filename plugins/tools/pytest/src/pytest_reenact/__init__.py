"""Tests of workflows, and of Reenact's plugins.

pytest imports this package in every session in which it is installed, so nothing of
the runtime is imported here before a test asks for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_reenact.acts import Act
    from pytest_reenact.clock import VirtualClock
    from pytest_reenact.mock_llm import MockLlm
    from pytest_reenact.runs import TestRun
    from pytest_reenact.runtime import TestRuntime
    from pytest_reenact.scripts import ToolCall, tool_call

pytest.register_assert_rewrite("pytest_reenact.conformance")

_HOMES = {
    "Act": "acts",
    "MockLlm": "mock_llm",
    "TestRun": "runs",
    "TestRuntime": "runtime",
    "ToolCall": "scripts",
    "VirtualClock": "clock",
    "tool_call": "scripts",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'pytest_reenact' has no attribute {name!r}")
    value = getattr(import_module(f"pytest_reenact.{home}"), name)
    globals()[name] = value
    return value


__all__ = ["Act", "MockLlm", "TestRun", "TestRuntime", "ToolCall", "VirtualClock", "tool_call"]
