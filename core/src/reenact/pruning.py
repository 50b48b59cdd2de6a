"""Which runs may go: those that ended long enough ago, and that no run needs which stays.

A run, the runs it started and those they started are a family, and come and go together. A
run that another one came from, and still needs, stays as long as that one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import attrs

from reenact.errors import RunKeptError, RunNotFoundError, RunOwnedError
from reenact.records import RunRecord, Status, origin_of
from reenact.stores import RunFilter, Store, Swept

_ALL = 10_000_000


@attrs.frozen
class Links:
    """The runs that a run cannot do without.

    Attributes:
        family: The runs that started it, the first of them first; they come and go together.
        shared: The runs whose rows are its own, too, or whose outcomes it takes.
    """

    family: tuple[str, ...] = ()
    shared: frozenset[str] = frozenset()


def links(record: RunRecord) -> Links:
    """Return the runs that a run cannot do without.

    A run that was re-run takes outcomes from the other one as long as it goes on, or may go on.
    """
    family = tuple(record.parent.split("/")) if record.parent else ()
    origin = origin_of(record)
    if origin is None or origin.how == "continued":
        return Links(family)
    over = origin.how == "rerun" and record.status in (Status.SUCCEEDED, Status.CANCELLED)
    return Links(family, frozenset() if over else frozenset({origin.run_id}))


def prefix_of_children(record: RunRecord) -> str:
    """Return what the *parent* of the runs that *record* started begins with, and is if they are its own."""
    return f"{record.parent}/{record.id}" if record.parent else record.id


@attrs.frozen
class Kept:
    """A run that is old enough to go, and stays.

    Attributes:
        record: The run.
        reason: Why, in words.
    """

    record: RunRecord
    reason: str


@attrs.frozen(kw_only=True)
class Pruned:
    """What became of a pruning.

    Attributes:
        removed: The runs that are gone, or would be; newest first.
        kept: The runs that are old enough and stay.
        swept: What was deleted; nothing if it was only tried.
    """

    removed: Sequence[RunRecord] = ()
    kept: Sequence[Kept] = ()
    swept: Swept = Swept()


@attrs.frozen(kw_only=True)
class Choice:
    """Which runs are to go.

    Attributes:
        ended_before_ns: Those whose family ended before that time.
        workflow: Only families whose first run is of that workflow; all if empty.
        run_ids: Only families with one of these runs; all if empty.
    """

    ended_before_ns: int
    workflow: str = ""
    run_ids: Sequence[str] = ()


async def prune(store: Store, choice: Choice, *, dry_run: bool = False) -> Pruned:
    """Remove the runs that *choice* names and nobody needs, and what only they needed.

    Args:
        store: Where they are.
        choice: Which.
        dry_run: Only say which they are.
    """
    going, kept = plan(await store.list(RunFilter(limit=_ALL)), choice)
    if dry_run:
        return Pruned(removed=[one for family in going for one in family], kept=kept)
    removed: list[RunRecord] = []
    for family in going:
        try:
            await store.remove([one.id for one in family])
        except (RunKeptError, RunOwnedError, RunNotFoundError) as error:  # it has changed since it was listed
            kept.append(Kept(family[0], str(error)))
        else:
            removed += family
    return Pruned(removed=removed, kept=kept, swept=await store.sweep())


def plan(records: Iterable[RunRecord], choice: Choice) -> tuple[list[list[RunRecord]], list[Kept]]:
    """Return the families that may go, in an order in which they can, and the runs that must stay.

    Args:
        records: All runs there are.
        choice: Which are to go.
    """
    families: dict[str, list[RunRecord]] = defaultdict(list)
    roots: dict[str, str] = {}
    for record in records:
        root = record.parent.partition("/")[0] or record.id
        families[root].append(record)
        roots[record.id] = root
    chosen = {root: family for root, family in families.items() if _is_chosen(root, family, choice)}
    reasons = {root: reason for root, family in chosen.items() if (reason := _open(family))}
    _keep_what_is_shared(families, roots, chosen, reasons)
    kept = [Kept(one, reasons[root]) for root, family in chosen.items() if root in reasons for one in family]
    going = [family for root, family in chosen.items() if root not in reasons]
    return sorted(going, key=lambda family: -max(one.created_ns for one in family)), kept


def _is_chosen(root: str, family: Sequence[RunRecord], choice: Choice) -> bool:
    first = next((one for one in family if one.id == root), family[-1])
    if choice.workflow and first.workflow != choice.workflow:
        return False
    if choice.run_ids and not any(one.id in choice.run_ids for one in family):
        return False
    if not (choice.run_ids or any(one.status.ended for one in family)):
        return False
    return all(not one.status.ended or one.updated_ns < choice.ended_before_ns for one in family)


def _open(family: Sequence[RunRecord]) -> str:
    """Return why a family has not ended; nothing if it has."""
    open_ = next((one for one in family if not one.status.ended), None)
    if open_ is None:
        return ""
    return f"it is {open_.status}" if len(family) == 1 else f"run {open_.id} of its family is {open_.status}"


def _keep_what_is_shared(
    families: Mapping[str, Sequence[RunRecord]],
    roots: Mapping[str, str],
    chosen: Mapping[str, Sequence[RunRecord]],
    reasons: dict[str, str],
) -> None:
    """Note the families that stay because a run which stays shares rows of theirs."""
    staying = [root for root in families if root not in chosen or root in reasons]
    while staying:
        for record in families[staying.pop()]:
            for shared in links(record).shared:
                root = roots.get(shared, "")
                if root in chosen and root not in reasons:
                    reasons[root] = f"run {record.id} came from it"
                    staying.append(root)
