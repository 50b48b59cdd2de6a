"""What the documents say is what happens: their files and commands are played as they stand."""

from pathlib import Path

import pytest
from documents import document

PLAYED = {
    "docs/tutorial.md": 7,
    "docs/how-to/test-a-workflow.md": 4,
    "docs/how-to/fork-and-rerun.md": 9,
    "docs/how-to/write-a-policy.md": 8,
    "docs/how-to/crash-everywhere.md": 7,
    "docs/how-to/write-a-plugin.md": 3,
    "docs/how-to/run-for-long.md": 10,
}
"""Documents that are played, and how many commands each has at least."""


@pytest.mark.parametrize("path", PLAYED)
def test_what_it_says_is_what_happens(path: str, tmp_path: Path) -> None:
    """A document is played from its top to its end, in an empty folder."""
    assert document(path).play(tmp_path) >= PLAYED[path]


@pytest.mark.parametrize("path", PLAYED)
def test_its_links_lead_somewhere(path: str) -> None:
    """Relative links name files of the repository."""
    assert document(path).broken_links() == []


@pytest.mark.parametrize("path", PLAYED)
def test_no_block_is_left_out(path: str) -> None:
    """Every block is a file or holds commands: nothing is shown that is not run."""
    left = [b.text for b in document(path).blocks() if not b.title and b.language not in ("console", "text")]

    assert left == []
