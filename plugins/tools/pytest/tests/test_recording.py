"""Recordings: made once, reviewed like code, answered from ever after, and never with a secret in them."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_reenact.cassette import Cassette, CassetteError, Take, hash_call
from pytest_reenact.leaks import find_leak, secrets_of, variables_of
from reenact.workflows import WORKFLOWS

PROJECT = """
    import pytest
    from reenact import llm, tool, workflow
    from reenact.config import Config

    @tool
    async def weather(city: str) -> str:
        return f"rain in {city}"

    @workflow
    async def chat(what: str) -> str:
        first = await llm("smart", f"Tell me about:\\n{what}", tools=[weather])
        return first + "; " + await llm("smart", "And then?", name="then", on_event=lambda event: None)
"""
CONFTEST = """
    import pytest
    from pathlib import Path
    from reenact.config import Config

    @pytest.fixture
    def reenact_config(request):
        return Config(
            models={"smart": ["scripted:model-1"]},
            providers={"scripted": {"answers": "answers.toml", "log": "asked.log"}},
            root=Path(str(request.config.rootpath)),
        )
"""
ANSWERS = """
[[answer]]
path = "llm#0"
tool_calls = [{ name = "weather", arguments = { city = "Graz" } }]

[[answer]]
prompt = "rain in Graz"
text = "two\\nlines"

[[answer]]
prompt = "And then?"
chunks = ["sun", "shine"]
errors = [{ kind = "OverloadedError", message = "busy" }]
"""
TEST = """
    import pytest
    from flow import chat

    @pytest.mark.reenact_record
    def test_it(runtime):
        run = runtime.run_sync(chat, "WHAT")
        assert run.output == "two\\nlines; sunshine"
        assert run.step("then").attempts == 2
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> Iterator[pytest.Pytester]:
    """A project whose real provider answers from a file, and notes that it was asked."""
    pytester.makepyfile(flow=PROJECT, test_it=TEST)
    pytester.makeconftest(CONFTEST)
    (pytester.path / "answers.toml").write_text(ANSWERS)
    pytester.makeini("[pytest]\nfilterwarnings = error\naddopts = -p no:cacheprovider\n")
    pytester.syspathinsert()
    before = dict(WORKFLOWS)
    yield pytester
    WORKFLOWS.clear()  # those of the project, which runs in this process
    WORKFLOWS.update(before)


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run the project's tests."""
    off = [word for name in ("asyncio", "anyio", "randomly") for word in ("-p", f"no:{name}")]
    return project.runpytest_inprocess(*off, *arguments)


def asked(project: pytest.Pytester) -> int:
    """Return how often the real provider was asked."""
    log = project.path / "asked.log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def cassette(project: pytest.Pytester) -> Path:
    """Return where the cassette is."""
    return project.path / "cassettes" / "test_it" / "test_it.json"


def test_recorded_once_and_answered_ever_after(project: pytest.Pytester) -> None:
    """The first run asks, every later one answers from the file: text, tool calls, pieces and errors."""
    run(project, "--reenact-record=once").assert_outcomes(passed=1)
    times, written = asked(project), cassette(project).read_bytes()

    run(project, "--reenact-record=once").assert_outcomes(passed=1)
    run(project).assert_outcomes(passed=1)

    assert times == 4
    assert asked(project) == times
    assert cassette(project).read_bytes() == written


def test_recorded_again_it_is_the_same(project: pytest.Pytester) -> None:
    """A recording that is made again asks again, and is the same file, to the byte."""
    run(project, "--reenact-record=all").assert_outcomes(passed=1)
    first = cassette(project).read_bytes()

    run(project, "--reenact-record=all").assert_outcomes(passed=1)

    assert cassette(project).read_bytes() == first
    assert asked(project) == 8


def test_it_reads_well(project: pytest.Pytester) -> None:
    """Calls stand in the order of their paths, texts as lines, and nothing that changes each time."""
    run(project, "--reenact-record=once")

    text = cassette(project).read_text()
    document = json.loads(text)

    assert document["test"] == "test_it.py::test_it"
    assert [(c["path"], c["attempt"]) for c in document["calls"]] == [
        ("llm#0", 1),
        ("llm#0/round#0", 1),
        ("then#0", 1),
        ("then#0", 2),
    ]
    assert document["calls"][0]["request"]["messages"][0]["parts"][0]["text"] == {
        "lines": ["Tell me about:", "WHAT"]
    }
    assert document["calls"][2]["error"]["type"] == "OverloadedError"
    assert document["calls"][3]["chunks"] == ["sun", "shine"]
    assert "request_id" not in text
    assert text.endswith("}\n")


def test_without_a_cassette_nobody_is_asked(project: pytest.Pytester) -> None:
    """By default nothing is recorded: a test without a cassette fails and says how to make one."""
    result = run(project)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*--reenact-record=once*"])
    assert asked(project) == 0
    assert not cassette(project).exists()


@pytest.mark.parametrize("mode", ["none", "once"])
def test_a_changed_prompt_is_a_miss_with_a_diff(mode: str, project: pytest.Pytester) -> None:
    """A prompt that is not the recorded one fails the test with both as a diff, and asks nobody."""
    run(project, "--reenact-record=once")
    times, written = asked(project), cassette(project).read_bytes()
    project.makepyfile(test_it=TEST.replace("WHAT", "something else"))

    result = run(project, f"--reenact-record={mode}")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*'llm#0' asks scripted:model-1 what is not on its cassette*", "*-*WHAT*", "*+*something else*"]
    )
    assert asked(project) == times
    assert cassette(project).read_bytes() == written


def test_a_call_more_than_recorded_is_a_miss(project: pytest.Pytester) -> None:
    """The same prompt once more than it was recorded is a miss, too."""
    run(project, "--reenact-record=once")
    project.makepyfile(test_it=TEST + '        runtime.run_sync(chat, "WHAT")\n')

    result = run(project)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*it was recorded 1 time(s), and is asked once more*"])


def test_a_failing_test_keeps_no_recording(project: pytest.Pytester) -> None:
    """What a failing test heard is not kept."""
    project.makepyfile(test_it=TEST.replace("sunshine", "rain"))

    run(project, "--reenact-record=once").assert_outcomes(failed=1)

    assert asked(project) > 0
    assert not cassette(project).exists()


def test_a_test_is_scripted_or_recorded(project: pytest.Pytester) -> None:
    """A script in a recorded test is refused."""
    project.makepyfile(
        test_it=TEST.replace("(runtime):", "(runtime, mock_llm):\n        mock_llm.script('x', 'y')")
    )

    result = run(project)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*either scripted with mock_llm or recorded*"])


def test_a_secret_is_never_written(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A prompt with the value of a secret variable fails the test, and nothing is written."""
    monkeypatch.setenv("ACME_API_KEY", "canary-71c2-never")
    project.makepyfile(test_it=TEST.replace("WHAT", "canary-71c2-never"))

    result = run(project, "--reenact-record=once")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*it would hold the value of $ACME_API_KEY at $.calls*"])
    assert not cassette(project).exists()


def test_names_of_tests_are_names_of_files(project: pytest.Pytester) -> None:
    """Parameters that no file can be called by get a cassette each."""
    project.makepyfile(
        test_it=TEST.replace(
            "@pytest.mark.reenact_record",
            "@pytest.mark.parametrize('x', ['../a', '..\\\\\\\\a', 'ü' * 90])\n"
            "    @pytest.mark.reenact_record",
        ).replace("(runtime)", "(runtime, x)")
    )

    run(project, "--reenact-record=once").assert_outcomes(passed=3)

    files = sorted(path.relative_to(project.path) for path in project.path.rglob("test_it*.json"))
    assert len(files) == 3
    assert all(path.parts[:2] == ("cassettes", "test_it") and len(path.name) < 120 for path in files)
    run(project).assert_outcomes(passed=3)


# --- the file ------------------------------------------------------------------------------------

REQUEST: dict[str, Any] = {"messages": [{"role": "user", "parts": [{"type": "text", "text": "hi"}]}]}


def take(**more: Any) -> Take:
    """Return a call that was answered."""
    answered = {"message": {"role": "assistant", "parts": [{"type": "text", "text": "yes"}]}}
    fields = {"path": "llm#0", "target": "a:b", "request": REQUEST, "response": answered}
    return Take(**{**fields, "input_hash": hash_call("a:b", REQUEST), **more})


def test_a_cassette_that_was_edited_is_refused(tmp_path: Path) -> None:
    """A request that does not have its hash any more is not answered for."""
    file = tmp_path / "c.json"
    Cassette(file, [take()]).write("test", {})
    file.write_text(file.read_text().replace('"hi"', '"bye"'))

    with pytest.raises(CassetteError, match="edited by hand"):
        Cassette.read(file)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"reenact_cassette": 2, "calls": []}', '{"reenact_cassette": 1}']
)
def test_what_is_no_cassette_is_refused(text: str, tmp_path: Path) -> None:
    """A file that is damaged, of another kind or of a newer format is refused with its name."""
    file = tmp_path / "c.json"
    file.write_text(text)

    with pytest.raises(CassetteError, match=r"c\.json.*record it again"):
        Cassette.read(file)


def test_a_write_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cassette is replaced whole or not at all, and nothing is left beside it."""
    file = tmp_path / "c.json"
    Cassette(file, [take()]).write("test", {})
    before = file.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(CassetteError, match="No space left"):
        Cassette(file, [take(), take()]).write("test", {})

    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_texts_come_back_to_the_letter(tmp_path: Path) -> None:
    """Lines, controls, quotes and an object that looks like lines survive the file."""
    request = {
        **REQUEST,
        "options": {
            "text": "a\n\nb\r\n\u2028\x00 \U0001f4e6",
            "plain": ["x\ny", {"lines": ["a"]}, {"literal": {"lines": "b\n"}}],
        },
    }
    original = take(request=request, input_hash=hash_call("a:b", request))
    file = tmp_path / "c.json"

    Cassette(file, [original]).write("test", {})

    (read,) = Cassette.read(file).takes
    assert read.request == request


# --- secrets -------------------------------------------------------------------------------------

VALUE = 'p@ss/word+"9"'
FORMS = {
    "plain": VALUE,
    "JSON": json.dumps(VALUE),
    "URL": "p%40ss%2Fword%2B%229%22",
    "base64": base64.b64encode(VALUE.encode()).decode(),
    "hex": VALUE.encode().hex(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_known_secret_is_found_in_any_spelling(form: str) -> None:
    """The value of a variable is found plain and encoded, with where it stands, and not repeated."""
    leak = find_leak({"calls": [{"text": f"before {form} after"}]}, {"MY_TOKEN": VALUE})

    assert str(leak) == "the value of $MY_TOKEN at $.calls[0].text"


SHAPES = [
    "sk-proj-abcdefghijklmnopqrstuvwx",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_" + "a" * 36,
    "AIza" + "b" * 35,
    "xoxb-123456789012-abc",
    "-----BEGIN RSA PRIVATE KEY-----",
    "Authorization: Bearer abcdefghijklmnopqrstuvwxyz",
    "eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK",
]


@pytest.mark.parametrize("text", SHAPES)
def test_what_looks_like_a_secret_is_found(text: str) -> None:
    """Keys that nobody told of are known by their shape."""
    assert find_leak([text], {}) is not None


@pytest.mark.parametrize(
    "text", ["the key is under the mat", "risk-adjusted returns in the long term", "a" * 500]
)
def test_ordinary_text_is_no_secret(text: str) -> None:
    """Text about keys is not a key."""
    assert find_leak([text], {}) is None


def test_which_variables_hold_secrets() -> None:
    """Variables are secret by their names, or because the configuration refers to them."""
    environ = {
        "A_KEY": "12345678",
        "MONKEY": "12345678",
        "TOKENIZERS_PARALLELISM": "12345678",
        "B_TOKEN": "no",
        "X": "12345678",
    }

    found = secrets_of(environ, variables_of({"acme": {"key": {"env": "X"}, "limits": {"n": 1}}}))

    assert set(found) == {"A_KEY", "X"}
