"""A wrong limit is named; the README's limits hold, also in a user's test."""

from pathlib import Path
from typing import Any

import pytest
from policy_files import from_file, from_readme
from reenact.config import Config
from reenact.errors import ConfigError

from .conftest import S, World, config, many

WRONG: list[tuple[str, str]] = [
    ("", "missing key 'limits' in [policies.ratelimit]"),
    ("limits = []", "Length of 'limits' must be >= 1: 0 in [policies.ratelimit]"),
    (
        "[[policies.ratelimit.limits]]\nrequests = 1\nwindw_s = 3",
        "unknown key 'windw_s'; did you mean 'window_s'? in [policies.ratelimit.limits[0]] (reenact.toml)",
    ),
    (
        "[[policies.ratelimit.limits]]\nrequests = 1\n[[policies.ratelimit.limits]]\ntokens = 'x'",
        "must be int | None, not 'x' in [policies.ratelimit.limits[1].tokens] (reenact.toml)",
    ),
    (
        "[[policies.ratelimit.limits]]\nwindow_s = 3",
        "it limits nothing; give 'requests', 'tokens' or both in [policies.ratelimit.limits[0]]",
    ),
    (
        "[[policies.ratelimit.limits]]\nrequests = 0",
        "'requests' must be >= 1: 0 in [policies.ratelimit.limits[0]]",
    ),
    (
        "[[policies.ratelimit.limits]]\nrequests = 1\nper = 'galaxy'",
        "in [policies.ratelimit.limits[0].per] (reenact.toml)",
    ),
    ("limits = 3", "must be a list of tables, not 3 in [policies.ratelimit.limits] (reenact.toml)"),
    ("limits = [3]", "must be a table, not 3 in [policies.ratelimit.limits[0]] (reenact.toml)"),
]


@pytest.mark.parametrize(("text", "problem"), WRONG)
async def test_a_wrong_configuration_is_named(tmp_path: Path, text: str, problem: str) -> None:
    """The table, the key, the file, and what is wrong."""
    with pytest.raises(ConfigError) as caught:
        async with World().opened(from_file(tmp_path, "ratelimit", text)):
            pytest.fail("it was opened")

    assert problem in str(caught.value)


async def test_the_readme_s_configuration_holds(tmp_path: Path) -> None:
    """What it shows can be used as it stands."""
    shown = from_readme(tmp_path, __file__)

    async with World().opened(shown) as runtime:
        (member,) = runtime.models.chain.members

    assert (member.name, member.policy.stages) == ("ratelimit", {"admit", "settle"})
    assert len(shown.policy_options["ratelimit"]["limits"]) == 2


def test_a_user_s_test_waits_for_no_slot(reenact_runtime: Any, mock_llm: Any) -> None:
    """The clock of pytest-reenact goes to the time at which a slot is free."""
    for number in range(4):
        mock_llm.script(f"q{number:03}", "yes")
    runtime = reenact_runtime()
    began = runtime.clock.now_ns()

    run = runtime.run_sync(many, 4)

    assert run.output == ["yes"] * 4
    assert 30 * S <= runtime.clock.now_ns() - began < 40 * S


@pytest.fixture
def reenact_config() -> Config:
    return config({"requests": 1, "window_s": 10})
