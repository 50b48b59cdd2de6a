"""The page on the configuration: its tables say what the classes do, and its blocks are configurations."""

import ast
import re
import tomllib
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args, get_origin

import attrs
import fill_reference
import option_tables
import pytest
from documents import ROOT, document
from fill_reference import MAKERS, Region, classes_of, filled, main, regions, shipped
from option_tables import HEAD, rows_of
from reenact import Offer, Plugins, hookimpl
from reenact.config import Config, load, resolved
from reenact.errors import ConfigError
from reenact.fitting import structure
from reenact.opening import PLUGIN, named_providers, options_of, provider_options
from reenact.plugins import Offered

PAGE = document("docs/reference/configuration.md")
REGIONS = list(regions(PAGE.text))
KEYS = [region for region in REGIONS if region.kind == "keys"]
CLASSES = [pair for region in KEYS for pair in classes_of(region.what)]
BLOCKS = [block for block in PAGE.blocks("toml") if not block.title]


# --- tables and classes ---------------------------------------------------------------------------


@pytest.mark.parametrize("region", REGIONS, ids=lambda region: f"{region.kind} {region.what}".strip())
def test_a_table_says_what_the_code_does(region: Region) -> None:
    """Key by key: its type, its default, its range, its meaning. `fill_reference.py` makes it so."""
    assert region.problems() == []


def tables_in(cls: type[Any]) -> Iterator[type[Any]]:
    """Yield an options class, those it inherits from, and those of the tables in it."""
    attrs.resolve_types(cls)
    for one in cls.__mro__:
        if attrs.has(one):
            yield one
    for field in attrs.fields(cls):
        for inner in (field.type, *get_args(field.type)):
            if isinstance(inner, type) and get_origin(inner) is None and attrs.has(inner):
                yield from tables_in(inner)


@pytest.mark.parametrize("offered", shipped(), ids=lambda one: f"{one.seam} {one.offer.name}")
def test_every_option_of_every_plugin_has_a_row(offered: Offered) -> None:
    """Also those that it inherits, and those of the tables in it."""
    with_rows = {cls for cls, _ in CLASSES}

    missing = [
        f"{cls.__module__}:{cls.__name__}"
        for cls in tables_in(offered.offer.options)
        if cls not in with_rows and option_tables.keys_of(cls)
    ]

    assert missing == []


@pytest.mark.parametrize("offered", shipped(), ids=lambda one: f"{one.seam} {one.offer.name}")
def test_what_is_inherited_has_the_default_of_its_row(offered: Offered) -> None:
    """A plugin that changed an inherited default would need a row of its own."""
    cls = offered.offer.options
    homes = {
        field.name: one for one in reversed(cls.__mro__) if attrs.has(one) for field in attrs.fields(one)
    }

    for field in attrs.fields(cls):
        assert field.default == getattr(attrs.fields(homes[field.name]), field.name).default


def anchors() -> set[str]:
    """Return the names by which links find the headings of the page."""
    headings = re.findall(r"^#+ (.+)$", PAGE.text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("offered", shipped(), ids=lambda one: f"{one.seam} {one.offer.name}")
def test_the_readme_of_a_plugin_has_its_keys(offered: Offered) -> None:
    """Those of its own; it may say them in other words."""
    name = offered.distribution.split()[0].removeprefix("reenact-")
    (readme,) = ROOT.glob(f"plugins/*/{name}/README.md")
    text = readme.read_text(encoding="utf-8")

    own = [field.name for field in option_tables.keys_of(offered.offer.options)]
    assert [key for key in own if f"`{key}`" not in text] == []
    assert set(re.findall(r"docs/reference/configuration\.md#([\w-]+)", text)) <= anchors()
    assert "docs/reference/configuration.md#" in text


def test_the_kernels_classes_have_rows() -> None:
    """Every field of a configuration that is a class of options."""
    attrs.resolve_types(Config)
    own = {
        f.type
        for f in attrs.fields(Config)
        if isinstance(f.type, type) and f.type.__module__ == Config.__module__
    }

    assert len(own) == 4
    assert own <= {cls for cls, _ in CLASSES}


def test_every_table_has_a_part() -> None:
    """Those that the kernel knows, each with a heading and a line in the list of tables."""
    with pytest.raises(ConfigError) as error:
        resolved({"zzzzzz": {}})
    known = set(error.value.problem.rpartition("there are ")[2].split(", "))
    headings = set(re.findall(r"^## (\w+)$", PAGE.text, re.MULTILINE))
    listed = set(re.findall(r"^\| \[`\[(\w+)", PAGE.text, re.MULTILINE))

    assert len(known) == 11
    assert known == headings == listed


def test_the_key_that_names_a_plugin_has_a_row() -> None:
    """It is no option of the provider's, but of the table."""
    assert f"| `{PLUGIN}` | string |" in PAGE.text


def test_filling_changes_nothing() -> None:
    """The page is as the script makes it, and the script says so."""
    assert filled(PAGE.text) == PAGE.text
    assert main(["--check"]) == 0
    assert main(["--chekc"]) == 2
    assert {region.kind for region in REGIONS} <= set(MAKERS)


@pytest.mark.parametrize("region", KEYS, ids=lambda region: region.what)
def test_a_row_that_is_taken_out_is_missed(region: Region) -> None:
    """On this page, in every table."""
    lines = region.body.splitlines(keepends=True)
    key = lines[len(HEAD)].split("`")[1]
    shorter = attrs.evolve(region, body="".join([*lines[: len(HEAD)], *lines[len(HEAD) + 1 :]]))

    assert shorter.problems() == [f"keys {region.what}: {key}: it is not on the page"]


# --- ranges ---------------------------------------------------------------------------------------

_BOUND = re.compile(r"([≥>≤<]) ([\d,.]+)")


def bounds() -> Iterator[tuple[type[Any], str, float, float]]:
    """Yield every bound of the page: the class, the key, what is taken at it, what is not."""
    for cls, without in CLASSES:
        if cls.__module__ == "reenact.prices":
            continue  # read by hand, and tried below
        for row in rows_of(cls, without):
            step = 1 if "integer" in row.type else 0.25
            for sign, spelled in _BOUND.findall(row.range):
                number = int(spelled.replace(",", ""))
                beyond = -step if sign in "≥>" else step
                yield (
                    cls,
                    row.key,
                    *((number, number + beyond) if sign in "≥≤" else (number - beyond, number)),
                )


NEEDED = {"limits": [{"tokens": 1}], "answers": "a.toml"}
"""Values for keys that are required."""


def fitted(cls: type[Any], key: str, value: float) -> Any:
    """Return the options that a table with this value makes."""
    table = {
        name: NEEDED.get(name)
        for name, field in attrs.fields_dict(cls).items()
        if field.default is attrs.NOTHING
    }
    table |= {"tokens": 1} if cls.__name__ == "Limit" else {}
    return structure(table | {key: {"any": value} if key == "pools" else value}, cls, "table", {})


@pytest.mark.parametrize(("cls", "key", "taken", "refused"), list(bounds()))
def test_a_bound_holds(cls: type[Any], key: str, taken: float, refused: float) -> None:
    """What lies at it is taken, what lies beyond it is refused."""
    fitted(cls, key, taken)

    with pytest.raises(ConfigError):
        fitted(cls, key, refused)


def test_there_are_bounds() -> None:
    """Of about half of all keys."""
    assert len(list(bounds())) > 30


@pytest.mark.parametrize("price", [-1, 1_000_001, "dear"])
def test_a_price_has_bounds(price: object) -> None:
    """Those of the page."""
    resolved({"prices": {"a:b": {"input": 0, "output": 1_000_000}}})

    with pytest.raises(ConfigError):
        resolved({"prices": {"a:b": {"input": 1, "output": price}}})


# --- blocks ---------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class NoOptions:
    """None."""


@asynccontextmanager
async def open_acme(options: NoOptions) -> AsyncIterator[object]:
    yield object()


class Acme:
    """Stands for plugins that others have written."""

    @hookimpl
    def reenact_exporters(self) -> Iterable[Offer[Any]]:
        yield Offer("acme", open_acme, NoOptions)

    @hookimpl
    def reenact_executors(self) -> Iterable[Offer[Any]]:
        yield Offer("acme", open_acme, NoOptions)


HOUSE_RULES = """
from reenact import Allow, policy

@policy("no-competitors")
def no_competitors(request, context):
    return Allow()
"""


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: re.sub(r"\W+", "-", block.text[:40]))
def test_a_block_is_a_configuration(block: Any, tmp_path: Path) -> None:
    """Each can be read, with each of its profiles, and what it says to plugins fits their options."""
    values = tomllib.loads(block.text)
    file = tmp_path / ("pyproject.toml" if "tool" in values else "reenact.toml")
    file.write_text(block.text, encoding="utf-8")
    (tmp_path / "house_rules.py").write_text(HOUSE_RULES)
    plugins = Plugins(extra=[Acme()])

    for profile in ("", *values.get("profiles", ())):
        config = load(file, profile=profile, environ={})

        assert opened_options(config, plugins) + len(config.sources) > 0 or "acme" in block.text


def opened_options(config: Config, plugins: Plugins) -> int:
    """Read the options of everything that is named; return of how many."""
    from reenact.opening import own_policies

    made: list[Any] = [provider_options(config, plugins, name) for name in named_providers(config)]
    own = own_policies(config)
    named = [
        *(
            ("policy", name, "policies", config.policy_options)
            for name in config.policies.chain
            if name not in own
        ),
        *(("exporter", name, "exporters", config.exporters) for name in config.exporters),
        *(("watch", name, "watches", config.watches) for name in config.watches),
        *(("executor", name, "executors", config.executors) for name in {config.runtime.executor} - {""}),
    ]
    idle = {*config.policy_options} - {*config.policies.chain}
    assert not idle, f"{idle} would guard nothing"
    for seam, name, table, options in named:
        offered = plugins.find(seam, name)  # type: ignore[arg-type]  # one of the four
        made.append(options_of(offered, options.get(name, {}), f"{table}.{name}", config))
    store = plugins.find("store", config.journal.store)
    options_of(store, config.journal_options, "journal", config)
    return len(made)


def test_every_part_has_a_block() -> None:
    """Each heading of a table shows one that sets it."""
    shown = {key for block in BLOCKS for key in paths_in(tomllib.loads(block.text))}
    headings = re.findall(r"^###? ((?:\w+\.?)+(?:, (?:\w+\.\w+))?)$", PAGE.text, re.MULTILINE)

    assert len(headings) > 20
    assert [one for one in headings if one.split(", ")[0] not in shown] == []


def paths_in(values: dict[str, Any], at: str = "") -> Iterator[str]:
    """Yield the paths of all tables and keys."""
    for key, value in values.items():
        yield f"{at}{key}"
        if isinstance(value, dict):
            yield from paths_in(value, f"{at}{key}.")


def test_its_commands_do_what_it_says(tmp_path: Path) -> None:
    """The files and commands of the page, played in order."""
    assert PAGE.play(tmp_path) == 1
    assert [block.language for block in PAGE.blocks() if block.language not in ("toml", "console")] == []


# --- the rest of the page -------------------------------------------------------------------------


def test_what_the_doctor_looks_at_has_a_row() -> None:
    """Every word that stands before a finding, and no other."""
    source = ROOT / "plugins/tools/cli/src/reenact_cli/checking.py"
    tree = ast.parse(source.read_text(encoding="utf-8"))
    words = {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") == "Finding"
        and isinstance(call.args[0], ast.Constant)
    }
    seams = {"provider", "policy", "exporter", "watch", "executor"}
    _, _, part = PAGE.text.partition("| about | it checks |")
    rows = part.partition("\n\n")[0].splitlines()[2:]

    assert {word for row in rows for word in re.findall(r"`(\w+)`", row.split("|")[1])} == words | seams


ENVIRONMENT = {
    "core/src/reenact/config.py",  # REENACT_PROFILE, REENACT__…
    "plugins/providers/http/src/reenact_http/keys.py",  # key.env
    "plugins/policies/pii/src/reenact_pii/__init__.py",  # secret_env
    "plugins/tools/cli/src/reenact_cli/vendors.py",  # says whether a key is set
    "plugins/tools/cli/src/reenact_cli/elsewhere.py",  # hands it on to other processes
    "plugins/tools/pytest/src/pytest_reenact/recording.py",  # keeps keys out of cassettes
    "plugins/tools/determinism/src/reenact_determinism/sources.py",  # sees others read it
}
"""Files that read the environment; what they read has a row on the page, or configures nothing."""


def test_nothing_else_reads_the_environment() -> None:
    """A module that begins to belongs into this list, and its variable on the page."""
    readers = set()
    for file in [*ROOT.glob("core/src/**/*.py"), *ROOT.glob("plugins/*/*/src/**/*.py")]:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        if names & {"environ", "getenv", "environb"} and "os" in {
            n.id for n in ast.walk(tree) if isinstance(n, ast.Name)
        }:
            readers.add(str(file.relative_to(ROOT)))

    assert readers - ENVIRONMENT == set()


def test_the_environment_sets_what_the_page_says(tmp_path: Path) -> None:
    """A value, and the profile; the command line goes before both."""
    file = tmp_path / "reenact.toml"
    file.write_text("[profiles.ci.runtime]\nllm_attempts = 1\n")
    environ = {"REENACT_PROFILE": "ci", "REENACT__runtime__lease_s": "60", "REENACT__journal__store": "other"}

    config = load(file, environ=environ, overrides=["runtime.lease_s=5"])

    assert (config.runtime.llm_attempts, config.runtime.lease_s, config.journal.store) == (1, 5.0, "other")


def test_its_links_lead_somewhere() -> None:
    """To files of the repository, and to headings of this page."""
    assert PAGE.broken_links() == []
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE.text)) <= anchors()
    assert fill_reference.PAGES[0] == PAGE.path.name
