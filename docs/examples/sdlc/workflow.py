"""From a ticket to a patch: plan, code, test, review, until it is good; then ask a person.

::

    ticket ─▶ plan ─▶ coders, side by side ─▶ tests ─▶ review ─▶ approval ─▶ patch, report
               ▲                                │         │
               └────── what went wrong ◀────────┴─────────┘

The workflow below is an ordinary ``async def``. What it does to the world stands in
steps, and steps are on record: kill it where you like, resume it, and it goes on from
there without asking a model or running a test suite a second time.
"""

import asyncio
import functools
import shutil
from typing import Literal

import attrs
from reenact import approve, current, llm, parallel, step, tool, workflow
from suite import UNITTEST, SuiteResult, run_command
from trees import (
    HERE,
    Patch,
    Tree,
    difference,
    edited,
    files_of,
    lay_out,
    safe_name,
    take_in,
    work_folder,
    write_atomically,
)

TASKS_MAX = 20

Verdict = Literal["approved", "declined", "unfinished"]

# --- what agents and steps say to each other --------------------------------------------------------


@attrs.frozen(kw_only=True)
class Ticket:
    """What is to be done."""

    title: str
    text: str


def _safe(_: object, __: object, name: str) -> None:
    safe_name(name)


@attrs.frozen(kw_only=True)
class Task:
    """What one coder is to do to one file."""

    file: str = attrs.field(validator=_safe)
    what: str


def _one_each(_: object, __: object, tasks: list[Task]) -> None:
    files = [task.file for task in tasks]
    if not 0 < len(files) <= TASKS_MAX or len(set(files)) < len(files):
        raise ValueError(f"a plan has 1 to {TASKS_MAX} tasks, each for another file")


@attrs.frozen(kw_only=True)
class Plan:
    """Who does what. An answer that breaks these rules is sent back to the planner."""

    summary: str
    tasks: list[Task] = attrs.field(validator=_one_each)


@attrs.frozen(kw_only=True)
class Draft:
    """A coder's answer: the whole new content of the file."""

    content: str


@attrs.frozen(kw_only=True)
class Review:
    """A reviewer's answer."""

    accepted: bool
    comments: list[str]


@attrs.frozen(kw_only=True)
class Round:
    """What came of one round; or how the project was found, if it has no plan."""

    tree: Tree
    tests: SuiteResult
    patch: Patch = Patch(files=[], text="")
    plan: Plan | None = None
    review: Review | None = None

    @property
    def good(self) -> bool:
        """Whether the tests pass and the reviewer agrees."""
        return self.tests.passed and self.review is not None and self.review.accepted


@attrs.frozen(kw_only=True)
class Outcome:
    """What the workflow leaves behind.

    Attributes:
        verdict: Whether a person said yes, said no, or the rounds were used up before.
        rounds: How many rounds it took.
        files: The files that the patch changes.
        patch: Where the patch is.
        report: Where the report is.
    """

    verdict: Verdict
    rounds: int
    files: list[str]
    patch: str
    report: str


# --- steps: whatever touches the world ---------------------------------------------------------------


@step
def read_ticket(file: str) -> Ticket:
    """Read a ticket in Markdown: a title, and what is wanted."""
    title, _, text = (HERE / file).read_text(encoding="utf-8").strip().partition("\n")
    return Ticket(title=title.lstrip("# "), text=text.strip())


@step
def check_out(repo: str) -> Tree:
    """Keep the state in which the project is found."""
    return take_in(HERE / repo)


@step
def read_source(tree: str, file: str) -> str:
    """Return a file's content; nothing if there is no such file."""
    return files_of(tree).get(safe_name(file), b"").decode()


@step
def apply_drafts(tree: str, contents: dict[str, str]) -> Tree:
    """Keep the state that new *contents* of files make of *tree*."""
    return edited(tree, contents)


@step
def make_patch(old: str, new: str) -> Patch:
    """Return what leads from one state to the other."""
    return difference(old, new)


@tool
async def run_suite(tree: str, suite: str) -> SuiteResult:
    """Run the project's test suite on a copy of *tree*, and say what came of it."""
    folder = work_folder() / current().run_id / f"suite-{tree}"
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    try:
        await asyncio.to_thread(lay_out, files_of(tree), folder)
        return await run_command(folder, suite)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@step
def leave(patch: str, report: str) -> list[str]:
    """Write patch and report into the run's folder; return where they are."""
    folder = work_folder() / current().run_id
    paths = {folder / "patch.diff": patch, folder / "report.md": report}
    for path, text in paths.items():
        write_atomically(path, text)
    return [str(path) for path in paths]


# --- agents: one call of a model each ------------------------------------------------------------------

PLANNER = "You plan changes to a Python project. Change as few files as you can, and no tests unless asked."
CODER = "You change one file of a Python project, and answer with the whole new content of it."
REVIEWER = "You review a patch. Accept it if it does what the ticket asks for and nothing else."


def _ask(ticket: Ticket, *sections: str) -> str:
    return "\n\n".join([f"# {ticket.title}\n\n{ticket.text}", *sections])


def _state(last: Round) -> str:
    """Tell an agent how things stand."""
    said = [f"## Tests ({'passed' if last.tests.passed else 'failed'})\n\n{last.tests.output}"]
    if last.review is not None:
        said.append("## Review\n\n" + "\n".join(f"- {comment}" for comment in last.review.comments))
    return "\n\n".join(said)


async def make_plan(ticket: Ticket, last: Round) -> Plan:
    """Have a planner say what to do next."""
    files = "## Files\n\n" + "\n".join(last.tree.files)
    return await llm("planner", _ask(ticket, files, _state(last)), system=PLANNER, output=Plan, name="plan")


async def write_code(ticket: Ticket, last: Round, task: Task) -> Draft:
    """Have a coder do one task."""
    source = await read_source(last.tree.id, task.file)
    file = f"## Your task: {task.file}\n\n{task.what}\n\n## {task.file} as it is\n\n```\n{source}\n```"
    return await llm("coder", _ask(ticket, _state(last), file), system=CODER, output=Draft, name="code")


async def judge(ticket: Ticket, patch: Patch, tests: SuiteResult) -> Review:
    """Have a reviewer read the patch."""
    shown = f"## Patch\n\n```diff\n{patch.text}```\n\n## Tests\n\n{tests.output}"
    return await llm("reviewer", _ask(ticket, shown), system=REVIEWER, output=Review, name="review")


# --- the workflow --------------------------------------------------------------------------------------


@workflow(version="1")
async def develop(
    ticket: str = "ticket.md", repo: str = "sample", suite: str = UNITTEST, rounds: int = 3, coders: int = 2
) -> Outcome:
    """Do what a ticket asks for.

    Args:
        ticket: A Markdown file. Relative paths start in the folder of this file.
        repo: The folder of the project. It is only read.
        suite: The command that runs the project's tests.
        rounds: Most rounds of planning, coding, testing and review.
        coders: Most coders at once.
    """
    job = await read_ticket(ticket)
    base = await check_out(repo)
    last = Round(tree=base, tests=await run_suite(base.id, suite))
    history = [last]
    while not last.good and len(history) <= rounds:
        last = await one_round(job, base, last, suite, coders)
        history.append(last)
    verdict = await decide(job, last)
    patch, report = await leave(last.patch.text, report_of(job, history, verdict))
    files = last.patch.files
    return Outcome(verdict=verdict, rounds=len(history) - 1, files=files, patch=patch, report=report)


async def one_round(job: Ticket, base: Tree, last: Round, suite: str, coders: int) -> Round:
    """Plan, code, test and review once, from where the last round has led."""
    plan = await make_plan(job, last)
    coder = functools.partial(write_code, job, last)
    drafts = await parallel(coder, plan.tasks, limit=coders, key=lambda task: task.file)
    contents = {task.file: draft.content for task, draft in zip(plan.tasks, drafts, strict=True)}
    tree = await apply_drafts(last.tree.id, contents)
    patch = await make_patch(base.id, tree.id)
    tests = await run_suite(tree.id, suite)
    review = await judge(job, patch, tests) if tests.passed else None
    return Round(plan=plan, tree=tree, patch=patch, tests=tests, review=review)


async def decide(job: Ticket, last: Round) -> Verdict:
    """Ask a person about what the agents have agreed on."""
    if not last.good:
        return "unfinished"
    agreed = await approve(f"Take this patch for: {job.title}?", show=last.patch.text)
    return "approved" if agreed else "declined"


def report_of(job: Ticket, history: list[Round], verdict: Verdict) -> str:
    """Spell what happened, in Markdown."""
    lines = [f"# {job.title}", "", f"**{verdict}** after {len(history) - 1} rounds.", ""]
    lines += ["| round | plan | files | tests | review |", "|---|---|---|---|---|"]
    lines += [f"| {number} | {' | '.join(_cells(one))} |" for number, one in enumerate(history)]
    lines += ["", "## Tests", "", *(f"    {line}" for line in history[-1].tests.output.splitlines()), ""]
    return "\n".join(lines)


def _cells(one: Round) -> list[str]:
    plan = one.plan.summary if one.plan else "as it was found"
    files = ", ".join(task.file for task in one.plan.tasks) if one.plan else ""
    tests = f"{'passed' if one.tests.passed else 'failed'} ({one.tests.tests} run)"
    return [" ".join(cell.split()).replace("|", "\\|") for cell in (plan, files, tests, _opinion(one.review))]


def _opinion(review: Review | None) -> str:
    if review is None:
        return ""
    return "; ".join(["accepted" if review.accepted else "sent back", *review.comments])
