"""The pytest plugin: fixtures, options, and what is said of a test that failed.

pytest loads this module in every session, so it imports nothing of the runtime: what
a fixture needs is imported when a test asks for the fixture.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reenact import Config
    from reenact.seams import Watch
    from reenact.stores import Store

    from pytest_reenact.acts import Trial
    from pytest_reenact.clock import VirtualClock
    from pytest_reenact.mock_llm import MockLlm
    from pytest_reenact.opening import Answering
    from pytest_reenact.recording import Recording
    from pytest_reenact.runs import TestRun
    from pytest_reenact.runtime import TestRuntime

MARKERS = (
    "reenact(network=False, crash=True, any_order=False): how the runtime of a test is; network=True lets it "
    "reach the network, crash=False keeps --crash-everywhere from it, any_order=True lets its runs end "
    "otherwise under --shuffle, as long as the test passes",
    "reenact_record: models answer from the test's cassette; see --reenact-record",
)
NAME_CHARS_MAX = 80
_LIVES_MAX = 2


class Kept:
    """What the fixtures of one test have made.

    Attributes:
        scripted: The scripted model.
        recording: What answers from a cassette, if the test is recorded.
        runtimes: The runtimes.
        folder: Makes a folder for a journal that is to be kept.
        trial: What they go through, if the test is run once more with crashes or in another order.
    """

    def __init__(self) -> None:
        self.scripted: MockLlm | None = None
        self.recording: Recording | None = None
        self.runtimes: list[TestRuntime] = []
        self.folder: Callable[[], Path] | None = None
        self.trial: Trial | None = None


KEPT = pytest.StashKey[Kept]()


def kept_of(item: pytest.Item) -> Kept:
    """Return what the fixtures of *item* have made."""
    return item.stash.setdefault(KEPT, Kept())


# --- options -------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say which options there are."""
    group = parser.getgroup("reenact", "workflows of Reenact")
    group.addoption(
        "--reenact-record",
        choices=("none", "once", "all"),
        help="when tests marked reenact_record ask real models and record what they answer: "
        "never (none, the default), if they have no cassette yet (once), always (all)",
    )
    for option, mode in (("--crash-everywhere", "each"), ("--crash-everywhere=pairs", "pairs")):
        group.addoption(  # two options, because a value that may be left out would swallow a file's name
            option,
            dest="crash_everywhere",
            action="store_const",
            const=mode,
            help="run each test that runs a workflow again with a crash before and after every write to the "
            "journal, resume, and expect the same end"
            if mode == "each"
            else "the same, and crash the process that resumes once more, at every one of its writes",
        )
    group.addoption(
        "--crash-at", metavar="N[,M]", help="crash at this point only, and then at that of the next process"
    )
    group.addoption(
        "--crash-limit", type=int, default=1_000, metavar="N", help="most crashes for each test (1000)"
    )
    group.addoption(
        "--shuffle",
        metavar="SEED[-LAST]",
        help="run each test that runs a workflow again with another order of what happens at once, "
        "for each seed, and expect the same end",
    )
    group.addoption(
        "--replay-runs",
        action="append",
        metavar="DIR",
        help="replay every run there that 'reenact export' has written, each as a test",
    )
    group.addoption(
        "--check-determinism",
        choices=("warn", "error", "off"),
        help="what is said of lines of workflow code that a replay may not repeat: warn (the default), "
        "error (the test fails), off",
    )
    parser.addini(
        "reenact_check_determinism", "what --check-determinism is if it is not given", default="warn"
    )
    parser.addini(
        "reenact_workflows", "modules and files that define the workflows of exported runs", type="linelist"
    )
    parser.addini("reenact_record", "what --reenact-record is if it is not given", default="none")


def pytest_configure(config: pytest.Config) -> None:
    """Say which markers there are."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    mode = config.getini("reenact_record")
    if mode not in ("none", "once", "all"):
        raise pytest.UsageError(f"reenact_record = {mode!r}: it has to be none, once or all")
    checked = config.getini("reenact_check_determinism")
    if checked not in ("warn", "error", "off"):
        raise pytest.UsageError(f"reenact_check_determinism = {checked!r}: it has to be warn, error or off")
    options = config.option
    if options.crash_everywhere or options.crash_at or options.shuffle:
        _register_trials(config)
    if options.replay_runs:
        _register_replays(config)


def _register_replays(config: pytest.Config) -> None:
    """Load what makes tests of exported runs, and have their folders collected."""
    from pytest_reenact.replaying import Replays

    folders = [config.invocation_params.dir / name for name in config.option.replay_runs]
    for folder in folders:
        if not folder.is_dir():
            raise pytest.UsageError(f"--replay-runs {folder}: there is no such folder")
    config.pluginmanager.register(Replays(folders), "reenact-replays")
    config.args[:] = [*config.args, *(str(folder) for folder in folders if str(folder) not in config.args)]


def _register_trials(config: pytest.Config) -> None:
    """Load what runs tests again."""
    from pytest_reenact.trials import Options, Trials

    options = config.option
    if options.crash_limit < 1:
        raise pytest.UsageError(f"--crash-limit {options.crash_limit}: it has to be at least 1")
    asked = Options(
        crash=options.crash_everywhere,
        at=_numbers("--crash-at", options.crash_at, ","),
        limit=options.crash_limit,
        seeds=_seeds(options.shuffle),
    )
    config.pluginmanager.register(Trials(asked), "reenact-trials")


def _numbers(option: str, text: str | None, between: str) -> tuple[int, ...]:
    parts = text.split(between) if text else []
    if len(parts) > _LIVES_MAX or not all(part.isdecimal() for part in parts):
        raise pytest.UsageError(
            f"{option} {text}: it has to be a number, or two with {between!r} between them"
        )
    return tuple(map(int, parts))


def _seeds(text: str | None) -> range:
    first, last = (*_numbers("--shuffle", text, "-"), None, None)[:2]
    if first is None:
        return range(0)
    return range(first, (last if last is not None else first) + 1)


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
    kept_of(request.node).scripted = made
    return made


@pytest.fixture
def mock_llm(reenact_mock_llm: "MockLlm") -> "MockLlm":
    """A model that answers what the test scripts."""
    return reenact_mock_llm


@pytest.fixture
def reenact_runtime(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    reenact_store: "Store",
    reenact_clock: "VirtualClock",
    reenact_config: "Config",
    reenact_mock_llm: "MockLlm",
) -> "Iterator[Callable[..., TestRuntime]]":
    """Makes runtimes; what it is called with takes the place of what the other fixtures say.

    Its arguments are those of `pytest_reenact.TestRuntime`.
    """
    from pytest_reenact.runtime import TestRuntime, names_kept

    kept = kept_of(request.node)
    kept.folder = lambda: tmp_path_factory.mktemp("reenact")
    llm = _answering(request.node, reenact_mock_llm, kept)

    def make(**options: Any) -> TestRuntime:
        settings: dict[str, Any] = {
            "store": reenact_store,
            "clock": reenact_clock,
            "config": reenact_config,
            "llm": llm,
            "seed": f"{request.node.nodeid} {len(kept.runtimes)}",
        }
        made = TestRuntime(**{**settings, **options})
        made.watches = _watches(request.config, made)
        if kept.trial is not None:
            kept.trial.join(made)
        kept.runtimes.append(made)
        return made

    with _network(request.node, kept), names_kept():
        yield make
        for runtime in kept.runtimes:
            runtime.end()


@pytest.fixture
def runtime(reenact_runtime: "Callable[..., TestRuntime]") -> "TestRuntime":
    """A runtime over a store in memory, with a scripted model, a clock that skips, and no network."""
    return reenact_runtime()


@pytest.fixture
def reenact_replay(request: pytest.FixtureRequest) -> "Callable[[str], TestRun]":
    """Replays a run that ``reenact export`` has written, on today's code, and returns it.

    It is called with the file's name, which starts in the folder of the test. Where code and record
    part, that is raised.
    """
    from pytest_reenact.replaying import replay_file

    return lambda name: replay_file(request.path.parent / name, request.config)


def _watches(config: pytest.Config, runtime: "TestRuntime") -> "Sequence[Watch]":
    """Return what looks on at a test's workflows; what does is loaded when the first test has some."""
    mode = config.getoption("--check-determinism") or config.getini("reenact_check_determinism")
    if mode == "off":
        return ()
    from pytest_reenact.watching import NAME, Watching

    watching = config.pluginmanager.get_plugin(NAME)
    if not isinstance(watching, Watching):
        watching = Watching(mode)
        config.pluginmanager.register(watching, NAME)
    return (watching.watch(runtime.config),)


def _answering(item: pytest.Item, scripted: "MockLlm", kept: Kept) -> "Answering":
    """Return what answers in a test: its cassette if it is recorded, else its scripts."""
    if item.get_closest_marker("reenact_record") is None:
        return scripted
    from pytest_reenact.recording import Recording

    mode = item.config.getoption("--reenact-record") or item.config.getini("reenact_record")
    kept.recording = Recording(cassette_of(item), mode, scripted)
    return kept.recording


def _network(item: pytest.Item, kept: Kept) -> Any:
    """Return what refuses the network while a test runs, unless the test may reach it."""
    marker = item.get_closest_marker("reenact")
    recording = kept.recording is not None and kept.recording.live
    if recording or (marker is not None and marker.kwargs.get("network", False)):
        return nullcontext()
    from pytest_reenact.network import refused

    return refused()


def cassette_of(item: pytest.Item) -> Path:
    """Return where the cassette of a test is: ``cassettes/MODULE/TEST.json`` beside its module."""
    parts = item.nodeid.split("::")[1:] or [item.name]
    name = ".".join(parts)
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:NAME_CHARS_MAX].strip("-.")
    if safe != name:
        safe += f"-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return item.path.parent / "cassettes" / item.path.stem / f"{safe}.json"


# --- after a test --------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Any:
    """Fail a test that has passed although a call had no answer or a script no call; keep a recording."""
    result = yield
    kept = item.stash.get(KEPT, None)
    if kept is not None:
        answering = [one for one in (kept.recording, kept.scripted) if one is not None]
        problem = "\n".join(filter(None, (one.problem() for one in answering)))
        if problem:
            pytest.fail(problem, pytrace=False)
        if kept.recording is not None:
            _save(item, kept.recording, kept.runtimes)
    return result


def _save(item: pytest.Item, recording: "Recording", runtimes: "list[TestRuntime]") -> None:
    from pytest_reenact.cassette import CassetteError

    try:
        for runtime in runtimes[:1]:
            recording.save(item.nodeid, runtime.config)
    except CassetteError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Say of a test that failed what its runs have done, and keep their journal."""
    report: pytest.TestReport = yield
    kept = item.stash.get(KEPT, None)
    if (
        call.when == "call"
        and report.failed
        and kept is not None
        and kept.runtimes
        and kept.folder is not None
    ):
        from pytest_reenact.telling import tell

        text = tell(kept.runtimes, kept.folder)
        if text:
            report.sections.append(("reenact", text))
    return report


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Explain a number of calls that is not the one expected by listing the calls."""
    calls = left if type(left).__name__ == "Calls" else right
    other = right if calls is left else left
    if op != "==" or type(calls).__name__ != "Calls" or not isinstance(other, int):
        return None
    listed = [f"  {call}" for call in calls]  # type: ignore[attr-defined]  # it is a tuple
    return [f"{len(listed)} calls == {other}; the calls:", *listed]
