"""Whoever is at the limit is refused, asks a person, or goes on with a cheaper model."""

from reenact import Status

from .conftest import CENT, ONE, World, config, in_turn, many, used


async def test_a_refusal_says_what_is_left_and_what_is_asked(world: World) -> None:
    """In the unit of the limit."""
    async with world.opened(config({"usd": "0.25"})) as runtime:
        run = await runtime.run(many, 1)

    reserved = (ONE + 10) * CENT
    assert run.output == [
        "0.00 USD of 0.25 USD of the budget per run are used or reserved, "
        f"and this call may take {reserved} USD"
    ]


async def test_a_person_may_allow_as_much_again(world: World) -> None:
    """Once for all calls that are at the limit; the run waits for it, and goes on in another process."""
    limits = config({"tokens": 2 * (ONE + 10), "at_limit": "ask"})
    world.answer = lambda request: used(ONE + 10)
    async with world.opened(limits) as runtime:
        run = await runtime.run(many, 4)
        made = world.fake.calls
        ((_, wait),) = await runtime.waits(run.record)
        await runtime.approve(run.id)

    async with world.opened(limits) as runtime:
        resumed = await runtime.resume(run.id)
        replayed = await runtime.replay(run.id)

    most = f"{2 * (ONE + 10)} tokens"
    assert made == 2
    assert wait.input["question"] == (
        f"{most} of {most} of the budget per run are used or reserved, and this call may take "
        f"{ONE + 10} tokens. Allow another {most}?"
    )
    assert wait.input["show"]["used"] == most
    assert replayed.output == resumed.output == ["yes"] * 4
    assert (made, world.fake.calls) == (2, 2)
    assert await world.spent() == 4 * (ONE + 10)


async def test_what_was_allowed_is_remembered(world: World) -> None:
    """By the run, until that is spent too; then it is asked again."""
    limits = config({"tokens": ONE + 10, "at_limit": "ask"})
    world.answer = lambda request: used(ONE + 10)

    async with world.opened(limits) as runtime:
        run = await runtime.run(in_turn, 3)
        questions = 0
        while run.status is Status.WAITING:
            questions += 1
            await runtime.approve(run.id)
            run = await runtime.resume(run.id)

    assert run.output == ["yes"] * 3
    assert questions == 2


async def test_what_is_allowed_is_enough_for_the_call(world: World) -> None:
    """Also if it may take more than the whole budget, and as much again."""
    async with world.opened(config({"tokens": 5, "at_limit": "ask"})) as runtime:
        run = await runtime.run(in_turn, 1)
        ((_, wait),) = await runtime.waits(run.record)
        await runtime.approve(run.id)
        run = await runtime.resume(run.id)

    assert wait.input["question"].endswith(f"Allow another {ONE + 10} tokens?")
    assert run.output == ["yes"]


async def test_a_person_may_say_no(world: World) -> None:
    """Then the call is refused, and says so."""
    async with world.opened(config({"tokens": 5, "at_limit": "ask"})) as runtime:
        run = await runtime.run(in_turn, 1)
        await runtime.approve(run.id, False)
        run = await runtime.resume(run.id)

    assert run.output[0].endswith("; a person was asked and said no")
    assert world.fake.calls == 0


async def test_a_limit_that_denies_goes_before_one_that_asks(world: World) -> None:
    """Nobody is asked for what may not be had anyway."""
    limits = [{"tokens": 5, "at_limit": "ask"}, {"tokens": 8}]

    async with world.opened(config(*limits)) as runtime:
        run = await runtime.run(in_turn, 1)

    assert run.status is Status.SUCCEEDED
    assert "of 8 tokens" in run.output[0]


async def test_calls_go_on_with_a_cheaper_model(world: World) -> None:
    """Beyond a limit, which does not hold that model back; another limit may."""
    soft = {"usd": (ONE + 10) * CENT, "at_limit": "model", "use": "small"}
    hard = {"usd": 2 * (ONE + 10) * CENT}
    limits = [{**limit, "usd": str(limit["usd"])} for limit in (soft, hard)]
    world.answer = lambda request: used(ONE + 10)

    async with world.opened(config(*limits)) as runtime:
        run = await runtime.run(in_turn, 4)
        view = await runtime.show(run.id)

    assert run.output == ["yes"] * 4
    assert [request.model for _, request in world.fake.asked] == ["big", "small", "small", "small"]
    changed = next(d for d in view.steps[1].decisions if d.verdict == "modify")
    assert changed.detail == {"model": "small"}
    assert changed.reason.endswith("; small instead")
