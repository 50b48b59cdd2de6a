import unittest

from shop.cart import Cart
from shop.shipping import shipping_cents


def cart_worth(cents: int, *, abroad: bool = False) -> Cart:
    cart = Cart(abroad=abroad)
    cart.add("goods", cents)
    return cart


class TestShipping(unittest.TestCase):
    def test_an_empty_cart_ships_for_nothing(self) -> None:
        self.assertEqual(shipping_cents(Cart()), 0)

    def test_small_orders_pay(self) -> None:
        self.assertEqual(shipping_cents(cart_worth(4999)), 490)

    def test_orders_of_50_ship_free(self) -> None:
        self.assertEqual(shipping_cents(cart_worth(5000)), 0)

    def test_larger_orders_ship_free(self) -> None:
        self.assertEqual(shipping_cents(cart_worth(12000)), 0)

    def test_abroad_always_pays(self) -> None:
        self.assertEqual(shipping_cents(cart_worth(12000, abroad=True)), 1250)
