"""A wrong budget is named; the one in the README holds."""

from pathlib import Path

import pytest
from policy_files import from_file, from_readme
from reenact.errors import ConfigError

from .conftest import World

WRONG: list[tuple[str, str]] = [
    ("", "missing key 'limits' in [policies.budget]"),
    ("limits = []", "Length of 'limits' must be >= 1: 0 in [policies.budget]"),
    (
        "[[policies.budget.limits]]\nusd = 1\natlimit = 'ask'",
        "unknown key 'atlimit'; did you mean 'at_limit'? in [policies.budget.limits[0]] (reenact.toml)",
    ),
    ("[[policies.budget.limits]]\nper = 'day'", "it limits nothing; give 'usd', 'tokens' or both"),
    (
        "[[policies.budget.limits]]\nusd = -1",
        "must be more than 0 and no more than 1,000,000,000 USD, not -1 in [policies.budget.limits[0].usd]",
    ),
    ("[[policies.budget.limits]]\nusd = 'x'", "must be an amount in USD such as 2.50, not 'x'"),
    ("[[policies.budget.limits]]\nusd = nan", "not nan in [policies.budget.limits[0].usd]"),
    (
        "[[policies.budget.limits]]\nusd = 1\nat_limit = 'model'",
        "at_limit = \"model\" and 'use', the model to go on with, need each other",
    ),
    ("[[policies.budget.limits]]\nusd = 1\nuse = 'small'", "need each other"),
    ("timezone = 'Mars/Base'\n[[policies.budget.limits]]\nusd = 1", "there is no time zone 'Mars/Base'"),
    ("unknown_price = 'guess'\n[[policies.budget.limits]]\nusd = 1", "in [policies.budget.unknown_price]"),
]


@pytest.mark.parametrize(("text", "problem"), WRONG)
async def test_a_wrong_configuration_is_named(tmp_path: Path, text: str, problem: str) -> None:
    """The table, the key, and what is wrong."""
    with pytest.raises(ConfigError) as caught:
        async with World().opened(from_file(tmp_path, "budget", text)):
            pytest.fail("it was opened")

    assert problem in str(caught.value)


async def test_the_readme_s_configuration_holds(tmp_path: Path) -> None:
    """What it shows can be used as it stands."""
    shown = from_readme(tmp_path, __file__)

    async with World().opened(shown) as runtime:
        (member,) = runtime.models.chain.members

    assert (member.name, member.policy.stages) == ("budget", {"admit", "settle"})
    assert [limit["per"] for limit in shown.policy_options["budget"]["limits"]] == ["run", "run", "day"]
