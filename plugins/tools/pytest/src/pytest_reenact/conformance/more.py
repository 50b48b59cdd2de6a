# a suite is made of assertions about numbers it chose itself
"""What a provider may do besides answering: bear another name, know prices, count, say where it asks."""

from datetime import date
from typing import cast

import attrs
import pytest
from reenact.errors import ProviderError
from reenact.seams import Counting, Priced, Provider, Reachable, is_given_name

from pytest_reenact.conformance.play import HELLO, PROMPT, Play, context, events_of, with_tools
from pytest_reenact.conformance.script import KEY, CountingDouble, Script
from pytest_reenact.conformance.server import Reply, Server

OK = Script(text="ok")
TOKENS = 1234
TODAY = date(2026, 11, 23)


class Named(Play):
    """A provider is called what the configuration calls it."""

    @pytest.fixture(autouse=True)
    def _can_be_told(self) -> None:
        if not any(is_given_name(field) for field in attrs.fields(self.double.offer.options)):
            pytest.skip("the options have no field made with given_name()")

    def test_answers_bear_the_name_that_is_given(self) -> None:
        """Where the configuration gives it another name, the provider and its answers bear that name."""

        async def act(provider: Provider, _: Server) -> list[str]:
            whole = await provider.complete("m", HELLO, context())
            streamed = (await events_of(provider))[-1].response
            assert streamed is not None
            return [provider.name, whole.provider, streamed.provider]

        names = self.scene([self.says(OK), self.says_in_pieces(OK)], act, called="elsewhere")

        assert names == ["elsewhere"] * 3

    def test_errors_bear_the_name_that_is_given(self) -> None:
        """An error names the provider as the configuration does."""

        async def act(provider: Provider, _: Server) -> ProviderError:
            with pytest.raises(ProviderError) as caught:
                await provider.complete("m", HELLO, context())
            return caught.value

        error = self.scene(self.double.failure("authentication", "no"), act, called="elsewhere")

        assert (error.provider, str(error).startswith("elsewhere: ")) == ("elsewhere", True)


class More(Play):
    """The parts of the seam that may be left out."""

    def test_prices_hold_for_the_vendors_own_host(self) -> None:
        """A provider that asks another server knows no price of the vendor's."""

        async def act(provider: Provider, _: Server) -> list[object]:
            if not isinstance(provider, Priced):
                pytest.skip("the provider knows no prices")
            return [provider.price_of(model, TODAY) for model in ("m", "gpt-5.5", "command-r")]

        assert not any(self.scene(self.says(OK), act))

    def test_where_it_asks_is_no_secret(self) -> None:
        """A provider that says where it asks, and by which key, says neither key nor prompt."""

        async def act(provider: Provider, server: Server) -> tuple[str, str, str]:
            if not isinstance(provider, Reachable):
                pytest.skip("the provider does not say where it asks")
            return provider.address, provider.key_env, server.url

        address, key_env, url = self.scene(self.says(OK), act)

        assert address.startswith(url)
        assert KEY not in address + key_env

    def test_tokens_are_counted_by_the_vendor(self) -> None:
        """Who counts tokens has the vendor count what the model would see; others do not offer it."""
        double = cast("CountingDouble", self.double)
        counts = "counts" in double.has

        async def act(provider: Provider, server: Server) -> tuple[int, str]:
            assert isinstance(provider, Counting) is counts
            if not isinstance(provider, Counting):
                pytest.skip("the vendor does not count")
            tokens = await provider.count_tokens("m", with_tools(HELLO), context())
            seen = double.see_count(server.received[0])
            assert [*seen.tools] == ["find_parcel", "now"]
            return tokens, "".join(seen.turns[-1].texts)

        reply = double.count(TOKENS) if counts else self.says(OK)

        assert self.scene(reply, act) == (TOKENS, PROMPT)

    @pytest.mark.parametrize(
        "body", [b"", b"{}", b'{"input_tokens": -1, "totalTokens": -1}', b"[1]", b"\xff"]
    )
    def test_a_count_that_is_none(self, body: bytes) -> None:
        """A count in no format of the vendor's is one kind of error."""
        if "counts" not in self.double.has:
            pytest.skip("the vendor does not count")

        async def act(provider: Provider, _: Server) -> ProviderError:
            assert isinstance(provider, Counting)
            with pytest.raises(ProviderError) as caught:
                await provider.count_tokens("m", HELLO, context())
            return caught.value

        error = self.scene(Reply(headers={"content-type": "application/json"}, pieces=(body,)), act)

        assert error.retryable

    def test_a_raw_answer_that_no_journal_can_keep_is_kept_as_text(self) -> None:
        """With keep_raw an answer with a number beyond 64 bits is kept as the vendor spelled it."""
        huge = 2**70

        raw = self.complete(self.says(OK, of_a_new_kind=huge), keep_raw=True).raw

        assert str(huge)[:15] in str(raw).replace(".", "")
