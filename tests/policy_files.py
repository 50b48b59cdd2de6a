"""Configurations of policies as their users write them: in a file, or in the README beside the tests."""

from pathlib import Path

from reenact.config import Config, load


def from_file(folder: Path, name: str, text: str) -> Config:
    """Return the configuration of a file with the policy *name* in its chain, and *text* in its table.

    Raises:
        ConfigError: If it is wrong.
    """
    file = folder / "reenact.toml"
    file.write_text(f"[policies]\nchain = ['{name}']\n[policies.{name}]\n{text}\n", encoding="utf-8")
    return load(file, environ={})


def from_readme(folder: Path, test: str) -> Config:
    """Return the configuration that the README shows first, of the distribution whose test this is."""
    readme = (Path(test).parents[1] / "README.md").read_text(encoding="utf-8")
    file = folder / "reenact.toml"
    file.write_text(readme.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    return load(file, environ={})
