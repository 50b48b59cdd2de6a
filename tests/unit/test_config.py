"""The configuration: what wins, what is refused, and what the refusal says."""

import contextlib
from pathlib import Path
from typing import Any

import attrs
import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from reenact.config import FILE_BYTES_MAX, Config, find_file, load, resolved
from reenact.errors import ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "reenact.toml"


def read(file: Path, text: str, **options: Any) -> Config:
    """Write *text* into *file* and load it."""
    file.write_text(text, encoding="utf-8")
    return load(file, environ=options.pop("environ", {}), **options)


WHOLE = """
[runtime]
steps_max = 3
lease_s = 60
pools = { "provider:openai" = 8 }
[models]
fast = "openai:small"
smart = ["openai:large", "other:large"]
[providers.openai]
url = "https://example.com"
[policies]
chain = ["pii"]
[policies.pii]
words = ["x"]
[journal]
store = "sqlite"
path = "runs.db"
[plugins]
disabled = ["old"]
[exporters.jsonl]
"""


def test_every_table_is_read(file: Path) -> None:
    """What belongs to plugins is kept as it is, for them to check."""
    config = read(file, WHOLE)

    assert (config.runtime.steps_max, config.runtime.lease_s) == (3, 60.0)
    assert config.runtime.pools == {"provider:openai": 8}
    assert config.models == {"fast": ["openai:small"], "smart": ["openai:large", "other:large"]}
    assert config.providers == {"openai": {"url": "https://example.com"}}
    assert config.policies.chain == ["pii"]
    assert config.policy_options == {"pii": {"words": ["x"]}}
    assert (config.journal.store, config.journal_options) == ("sqlite", {"path": "runs.db"})
    assert config.plugins.disabled == ["old"]
    assert config.exporters == {"jsonl": {}}
    assert config.root == file.parent


REFUSED: list[tuple[str, str]] = [
    ("[runtim]\na = 1", r"unknown table \[runtim\]; did you mean 'runtime'\? \(reenact.toml\)"),
    ("[runtime]\nleas_s = 1", r"unknown key 'leas_s'; did you mean 'lease_s'\? in \[runtime\]"),
    ("runtime = 1", r"\[runtime\] must be a table, not int"),
    ("[runtime]\nlease_s = 'x'", r"must be a number, not 'x' in \[runtime.lease_s\] \(reenact.toml\)"),
    ("[runtime]\nlease_s = 0.5", r"'lease_s' must be >= 1: 0.5 in \[runtime\]"),
    ("[runtime]\nlease_s = nan", "'lease_s' must be >= 1"),
    ("[runtime]\nsteps_max = 1.5", "must be a whole number, not 1.5"),
    ("[runtime]\nsteps_max = true", "must be a whole number, not True"),
    ("[runtime]\nsteps_max = -1", "'steps_max' must be >= 0"),
    ("[runtime]\non_changed_input = 'ask'", "not 'ask'"),
    ("[runtime]\npools = [1]", r"must be dict\[str, int\]"),
    ("[runtime]\npools = { a = 'x' }", r"must be dict\[str, int\]"),
    ("[runtime]\npools = { a = 0 }", r"'pools' must be >= 1: 0 in \[runtime\]"),
    ("[policies]\nchian = []", r"unknown key 'chian'; did you mean 'chain'\? in \[policies\]"),
    ("[policies]\nchain = 'pii'", r"must be list\[str\], not 'pii' in \[policies.chain\]"),
    ("[policies]\ntime_limit_s = 0", "must be > 0"),
    ("[journal]\nstore = 5", "must be str, not 5"),
    ("[models]\nfast = 'gpt'", r"must be 'provider:model' or a list of such in \[models.fast\]"),
    ("[models]\nfast = []", "must be 'provider:model'"),
    ("[models]\nfast = [1]", "must be 'provider:model'"),
    ("[models.fast]\na = 1", "must be 'provider:model'"),
    ("[providers]\nopenai = 1", r"\[providers.openai\] must be a table in \[providers.openai\]"),
    ("[plugins]\ndisabled = 1", "must be list"),
    ("profiles = 1", r"\[profiles\] must be a table"),
    ("a = ", "not valid TOML"),
    ("a = 1\na = 2", "not valid TOML"),
    ("a = " + "[" * 5000 + "]" * 5000, "not valid TOML|nested more than"),
    ("a = " + "[" * 20 + "]" * 20, "nested more than 16 levels deep"),
    ("a = " + "1" * 5000, "not valid TOML"),
    ("a = 1" + " " * FILE_BYTES_MAX, "larger than"),
]


@pytest.mark.parametrize(("text", "problem"), REFUSED, ids=[text[:30] for text, _ in REFUSED])
def test_what_is_wrong_is_named_with_its_place(file: Path, text: str, problem: str) -> None:
    """The problem, the TOML path and the file; and what was probably meant."""
    with pytest.raises(ConfigError, match=problem):
        read(file, text, profile="x" if text.startswith("profiles") else "")


def test_bytes_that_are_no_text_are_refused(file: Path) -> None:
    """TOML is UTF-8."""
    file.write_bytes(b"a = '\xff'")

    with pytest.raises(ConfigError, match="not valid TOML"):
        load(file, environ={})


def test_a_file_that_is_not_there_is_an_error(file: Path) -> None:
    """If it was asked for by name."""
    with pytest.raises(ConfigError, match="there is no file"):
        load(file, environ={})


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A name that the system refuses, for instance."""
    with pytest.raises(ConfigError):
        load(tmp_path / ("x" * 300), environ={})


# --- precedence


def test_the_later_layer_wins(file: Path) -> None:
    """File, profile, environment, command line; each value knows where it came from."""
    text = (
        "[runtime]\nlease_s = 10\ngrace_s = 1\npoll_s = 1\nllm_attempts = 1\n"
        "[profiles.ci.runtime]\ngrace_s = 2\npoll_s = 2\nllm_attempts = 2"
    )
    environ = {"REENACT__runtime__poll_s": "3", "REENACT__runtime__llm_attempts": "3", "OTHER": "x"}

    config = read(file, text, profile="ci", environ=environ, overrides=["runtime.llm_attempts=4"])

    runtime = config.runtime
    assert (runtime.lease_s, runtime.grace_s, runtime.poll_s, runtime.llm_attempts) == (10, 2, 3, 4)
    assert {k: v for k, v in config.sources.items() if k.startswith("runtime.")} == {
        "runtime.lease_s": "reenact.toml",
        "runtime.grace_s": "profile ci",
        "runtime.poll_s": "environment REENACT__runtime__poll_s",
        "runtime.llm_attempts": "command line",
    }


def test_the_environment_can_choose_the_profile(file: Path) -> None:
    """Unless the caller does."""
    text = "[profiles.a.runtime]\ngrace_s = 1\n[profiles.b.runtime]\ngrace_s = 2"
    environ = {"REENACT_PROFILE": "a"}

    assert read(file, text, environ=environ).runtime.grace_s == 1
    assert read(file, text, environ=environ, profile="b").runtime.grace_s == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "there is no profile 'prod'"),
        ("[profiles.prd]", "there is no profile 'prod'; did you mean 'prd'"),
        ("[profiles]\nprod = 1", r"\[profiles.prod\] must be a table"),
    ],
)
def test_a_profile_that_is_not_there_is_an_error(file: Path, text: str, problem: str) -> None:
    """With the one that was probably meant."""
    with pytest.raises(ConfigError, match=problem):
        read(file, text, profile="prod")


@pytest.mark.parametrize(
    ("override", "models"),
    [
        ("models.fast=a:b", {"fast": ["a:b"]}),
        ('models.fast="a:b"', {"fast": ["a:b"]}),
        ('models.fast=["a:b", "c:d"]', {"fast": ["a:b", "c:d"]}),
    ],
)
def test_a_value_of_the_command_line_is_toml_or_a_bare_word(
    tmp_path: Path, override: str, models: dict[str, list[str]]
) -> None:
    """Quotes may be left out."""
    assert load(overrides=[override], environ={}, start=tmp_path).models == models


@pytest.mark.parametrize(
    "override", ["runtime.lease_s", "=1", "a=1", "runtime=5", "runtime.pools=" + "[" * 9999]
)
def test_an_override_that_makes_no_sense_is_refused(tmp_path: Path, override: str) -> None:
    """Whatever it is."""
    with pytest.raises(ConfigError):
        load(overrides=[override], environ={}, start=tmp_path)


def test_a_table_takes_the_place_of_a_value(file: Path) -> None:
    """And is then checked like any other."""
    config = read(file, "[providers.a]\nx = 1", overrides=["providers.a.x.y=2"])

    assert config.providers == {"a": {"x": {"y": 2}}}


# --- finding the file


def test_the_nearest_file_upwards_is_found(tmp_path: Path) -> None:
    """``reenact.toml`` before ``pyproject.toml``; one without our table is passed by."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.reenact.runtime]\nlease_s = 7")
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]")

    assert find_file(inner) == tmp_path / "pyproject.toml"
    assert load(start=inner, environ={}).runtime.lease_s == 7

    (tmp_path / "reenact.toml").write_text("[runtime]\nlease_s = 8")
    assert load(start=inner, environ={}).runtime.lease_s == 8


def test_without_a_file_the_code_decides(tmp_path: Path) -> None:
    """Everything has a default."""
    assert load(start=tmp_path, environ={}) == Config(root=tmp_path)


@pytest.mark.parametrize("text", ["tool = 1", "[tool]\nreenact = 1", "tool = [1]"])
def test_an_odd_pyproject_is_no_crash(tmp_path: Path, text: str) -> None:
    """Somebody else's mistake in it is not ours, one in our table is an error."""
    (tmp_path / "pyproject.toml").write_text(text)

    with contextlib.suppress(ConfigError):
        assert load(start=tmp_path, environ={}).models == {}


# --- anything at all

names = st.sampled_from(
    ["runtime", "models", "providers", "policies", "journal", "plugins", "exporters", "profiles", "p"]
) | st.sampled_from(["lease_s", "pools", "chain", "modules", "disabled", "store", "fast", "runtime", "x"])
values = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=5)
    | st.sampled_from(["openai:x", "p"])
    | st.datetimes()
    | st.dates()
    | st.times(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(names, st.dictionaries(names, values, max_size=4) | values, max_size=4)


@settings(max_examples=150, deadline=None)
@given(documents, st.sampled_from(["", "p"]))
def test_any_toml_is_a_configuration_or_a_configuration_error(
    tmp_path_factory: pytest.TempPathFactory, document: dict[str, Any], profile: str
) -> None:
    """Nothing else ever comes out."""
    file = tmp_path_factory.getbasetemp() / "random" / "reenact.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(tomli_w.dumps(document), encoding="utf-8")

    with contextlib.suppress(ConfigError):
        assert isinstance(load(file, environ={}, profile=profile), Config)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=20) | st.builds("{}={}".format, names, st.text(max_size=20)), max_size=3))
def test_any_command_line_is_one_too(tmp_path_factory: pytest.TempPathFactory, overrides: list[str]) -> None:
    """Overrides are text that somebody typed."""
    start = tmp_path_factory.getbasetemp()

    with contextlib.suppress(ConfigError):
        assert isinstance(load(overrides=overrides, environ={}, start=start), Config)


class TestResolved:
    """Whatever names a configuration is taken, and what does not is refused by name."""

    def test_tables_are_what_a_file_with_them_would_be(self, file: Path) -> None:
        """But for where they come from."""
        tables = {"models": {"fast": "openai:small"}, "journal": {"path": "runs.db"}}
        meant = resolved(tables)
        assert (
            attrs.evolve(read(file, tomli_w.dumps(tables)), root=meant.root, sources=meant.sources) == meant
        )
        assert meant.root == Path.cwd()

    def test_what_is_wrong_in_them_is_named(self) -> None:
        with pytest.raises(ConfigError, match=r"runtime\.lease_s.*the given tables"):
            resolved({"runtime": {"lease_s": "long"}})
        with pytest.raises(ConfigError, match=r"\[store\]; there are runtime, models.*given tables"):
            resolved({"store": {"path": "runs.db"}})

    def test_a_file_may_be_named_by_text(self, file: Path) -> None:
        read(file, WHOLE)
        assert resolved(str(file)) == resolved(file) == load(file)

    def test_a_configuration_is_itself(self) -> None:
        assert resolved(given := Config()) is given

    def test_anything_else_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="not int"):
            resolved(5)  # type: ignore[arg-type]  # what it is about


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"policies": {"chain": ["pii"]}}, "must be PoliciesOptions, not dict; .* in .policies]"),
        ({"runtime": {"leas_s": 3}}, "must be RuntimeOptions, not dict; .* in .runtime]"),
        ({"models": {"smart": "openai:gpt-9"}}, "must be a list of 'provider:model' in .models.smart]"),
        ({"models": {"smart": ["gpt-9"]}}, "must be a list of 'provider:model' in .models.smart]"),
        ({"providers": {"openai": 3}}, "must be a table in .providers.openai]"),
        ({"policy_options": {"pii": 3}}, "must be a table in .policies.pii]"),
    ],
)
def test_a_config_made_in_python_holds_what_it_should(given: dict[str, Any], said: str) -> None:
    """What is of another kind is refused with its place, and not when something trips over it."""
    with pytest.raises(ConfigError, match=said):
        Config(**given)
