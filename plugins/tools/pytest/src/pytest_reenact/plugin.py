"""The pytest plugin: fixtures, options, and what is said of a test that failed.

pytest loads this module in every session, so it imports nothing of the runtime: what
a fixture needs is imported when a test asks for the fixture.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reenact import Config
    from reenact.seams import Store

    from pytest_reenact.clock import VirtualClock
    from pytest_reenact.mock_llm import MockLlm
    from pytest_reenact.runtime import TestRuntime


class Kept:
    """What the fixtures of one test have made.

    Attributes:
        llm: The scripted model, if the test has one.
        runtimes: The runtimes.
    """

    def __init__(self) -> None:
        self.llm: MockLlm | None = None
        self.runtimes: list[TestRuntime] = []


KEPT = pytest.StashKey[Kept]()


def kept_of(item: pytest.Item) -> Kept:
    """Return what the fixtures of *item* have made."""
    return item.stash.setdefault(KEPT, Kept())


# --- fixtures ------------------------------------------------------------------------------------


@pytest.fixture
def reenact_clock() -> "VirtualClock":
    """The clock of the test's runtimes: it goes on when there is nothing to do but wait."""
    from pytest_reenact.clock import VirtualClock

    return VirtualClock()


@pytest.fixture
def reenact_store() -> "Store":
    """The store of the test's runtimes, in memory; override it to test over another one."""
    from pytest_reenact.memory import MemoryStore

    return MemoryStore()


@pytest.fixture
def reenact_config() -> "Config":
    """The configuration of the test's runtimes, empty; override it to test with your own."""
    from reenact import Config

    return Config()


@pytest.fixture
def reenact_mock_llm(request: pytest.FixtureRequest, reenact_clock: "VirtualClock") -> "MockLlm":
    """A model that answers what the test scripts; also known as ``mock_llm``."""
    from pytest_reenact.mock_llm import MockLlm

    made = MockLlm(reenact_clock)
    kept_of(request.node).llm = made
    return made


@pytest.fixture
def mock_llm(reenact_mock_llm: "MockLlm") -> "MockLlm":
    """A model that answers what the test scripts."""
    return reenact_mock_llm


@pytest.fixture
def reenact_runtime(
    request: pytest.FixtureRequest,
    reenact_store: "Store",
    reenact_clock: "VirtualClock",
    reenact_config: "Config",
    reenact_mock_llm: "MockLlm",
) -> "Iterator[Callable[..., TestRuntime]]":
    """Makes runtimes: what it is called with takes the place of what the other fixtures say."""
    from pytest_reenact.network import refused
    from pytest_reenact.runtime import TestRuntime

    kept = kept_of(request.node)

    def make(**options: Any) -> TestRuntime:
        settings: dict[str, Any] = {
            "store": reenact_store,
            "clock": reenact_clock,
            "config": reenact_config,
            "llm": reenact_mock_llm,
            "seed": f"{request.node.nodeid} {len(kept.runtimes)}",
        }
        made = TestRuntime(**{**settings, **options})
        kept.runtimes.append(made)
        return made

    with refused():
        yield make
        for runtime in kept.runtimes:
            runtime.end()


@pytest.fixture
def runtime(reenact_runtime: "Callable[..., TestRuntime]") -> "TestRuntime":
    """A runtime over a store in memory, with a scripted model, a clock that skips, and no network."""
    return reenact_runtime()


# --- after a test --------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Any:
    """Fail a test that has passed although a script was not used, or a call had none."""
    result = yield
    kept = item.stash.get(KEPT, None)
    problem = kept.llm.problem() if kept is not None and kept.llm is not None else ""
    if problem:
        pytest.fail(problem, pytrace=False)
    return result
