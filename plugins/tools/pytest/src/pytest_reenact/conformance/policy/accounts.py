"""What attempts took that gave no answer, and what stays held for them."""

import pytest
from reenact.judging import Wait

from pytest_reenact.conformance.policy.calls import llm_calls
from pytest_reenact.conformance.policy.checks import Checks
from pytest_reenact.conformance.policy.table import CUT_OFF, Table


class Accounts(Checks):
    """What it does with what a call took, or did not."""

    @pytest.mark.parametrize("end", CUT_OFF)
    def test_an_attempt_that_gives_no_answer_is_settled(self, end: str) -> None:
        """However it ended; its stage settle is told, and a response there is none."""

        async def check(table: Table) -> None:
            for number, (_, call) in enumerate(llm_calls()):
                self.check(await table.judge(call, number, CUT_OFF[end]))

        self.play(check)

    def test_an_attempt_that_never_began_takes_nothing(self) -> None:
        """What it held for it is given back, all of it."""

        async def held(table: Table) -> dict[str, int]:
            accounts = table.store.ledger.lines
            return {account: amount for account in accounts if (amount := await table.held(account))}

        async def check(table: Table) -> None:
            for number, (_, call) in enumerate(llm_calls()):
                before = await held(table)
                judged = await table.judge(call, number, CUT_OFF["it never began"])
                asked = any(isinstance(d := one.decision, Wait) and d.question for one in judged)
                left = {
                    account
                    for account, amount in (await held(table)).items()
                    if amount > before.get(account, 0)
                }
                assert asked or not left, (
                    f"it still holds something against {sorted(left)}"
                )  # people may grant

        self.play(check)
