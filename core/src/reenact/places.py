"""The places that a step takes within the limits, from when it may begin to when it ends.

A step counts against the limit of the model that it asks now: to ask another one, or to
wait for a policy, it leaves its places and takes others.
"""

from reenact.scheduler import Limits, give_back, take, take_now
from reenact.steps import Call


def take_place_now(call: Call, limits: Limits) -> bool:
    """Take a place within *limits* for *call*, if there is one."""
    places = limits.of(call.pool)
    if not take_now(places):
        return False
    call.places = places
    return True


async def take_place(call: Call, limits: Limits) -> None:
    """Take a place within *limits* for *call*, waiting for one."""
    places = limits.of(call.pool)
    await take(places)
    call.places = places


def leave_place(call: Call) -> None:
    """Give back what *call* has, if it has any."""
    give_back(call.places)
    call.places = ()
