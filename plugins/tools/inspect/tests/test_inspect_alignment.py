"""Which steps of two runs are the same: by place, by content, by both, whichever run comes first."""

from collections.abc import Sequence

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reenact_inspect.alignment import Pair, align

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy with other tests."""


@attrs.frozen
class Asked:
    """A step as it is aligned."""

    path: str
    name: str
    input: str = ""
    kind: str = "step"

    @property
    def content(self) -> tuple[str, str, str]:
        return self.kind, self.name, self.input

    @property
    def substance(self) -> tuple[str, str] | None:
        return (self.kind, self.input) if self.input else None


def steps(*spelled: str) -> list[Asked]:
    """Return steps spelled ``name input``, numbered by name as a run does."""
    counts: dict[str, int] = {}
    made = []
    for one in spelled:
        name, _, given_input = one.partition(" ")
        number = counts.get(name, 0)
        counts[name] = number + 1
        made.append(Asked(f"{name}#{number}", name, given_input))
    return made


RUNS = st.lists(
    st.tuples(st.sampled_from("xyz"), st.sampled_from(["", "1", "2"])).map(" ".join), max_size=8
).map(lambda spelled: steps(*spelled))


def paths(pairs: Sequence[Pair[Asked]]) -> list[tuple[str, str]]:
    return [(pair.a.path if pair.a else "", pair.b.path if pair.b else "") for pair in pairs]


@UNHURRIED
@given(RUNS)
def test_a_run_is_aligned_with_itself_step_by_step(run: list[Asked]) -> None:
    """Each step with itself, in order."""
    assert paths(align(run, run)) == [(step.path, step.path) for step in run]


@UNHURRIED
@given(RUNS, RUNS)
def test_every_step_has_one_place(a: list[Asked], b: list[Asked]) -> None:
    """None is lost, none stands twice, and the second run's keep their order."""
    pairs = align(a, b)

    assert sorted(pair.a.path for pair in pairs if pair.a) == sorted(step.path for step in a)
    assert [pair.b.path for pair in pairs if pair.b] == [step.path for step in b]


@UNHURRIED
@given(RUNS, RUNS)
def test_pairs_are_the_same_seen_from_the_other_side(a: list[Asked], b: list[Asked]) -> None:
    """It does not matter which run is called the first."""
    there = sorted(paths(align(a, b)))
    back = sorted((first, second) for second, first in paths(align(b, a)))

    assert there == back


def test_a_step_that_moved_is_found_by_its_content() -> None:
    """What was inserted before others of its name moves them, and is the only one that is new."""
    pairs = align(steps("note one", "note two"), steps("note new", "note one", "note two"))

    assert paths(pairs) == [("", "note#0"), ("note#0", "note#1"), ("note#1", "note#2")]
    assert [pair.moved for pair in pairs] == [False, True, True]


def test_a_step_that_changed_is_found_by_its_place() -> None:
    """Where nothing else has its content."""
    assert paths(align(steps("plan a", "do x"), steps("plan b", "do x"))) == [
        ("plan#0", "plan#0"),
        ("do#0", "do#0"),
    ]


def test_a_step_that_was_renamed_is_found_by_its_input() -> None:
    """Unless it has none, which tells nothing."""
    assert paths(align(steps("plan a"), steps("draft a"))) == [("plan#0", "draft#0")]
    assert sorted(paths(align(steps("plan"), steps("draft")))) == [("", "draft#0"), ("plan#0", "")]


def test_what_was_removed_stands_where_it_stood() -> None:
    """After the step that it followed, or first."""
    inside, first = steps("a", "gone", "b"), steps("gone", "a")

    assert paths(align(inside, steps("a", "b"))) == [("a#0", "a#0"), ("gone#0", ""), ("b#0", "b#0")]
    assert paths(align(first, steps("a"))) == [("gone#0", ""), ("a#0", "a#0")]


def test_steps_of_another_kind_are_not_the_same() -> None:
    """Also in the same place."""
    (one,) = steps("ask a")

    assert sorted(paths(align([one], [attrs.evolve(one, kind="llm")]))) == [("", "ask#0"), ("ask#0", "")]
