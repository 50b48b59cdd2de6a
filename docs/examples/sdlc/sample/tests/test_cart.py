import unittest

from shop.cart import Cart


class TestCart(unittest.TestCase):
    def test_goods_are_added_up(self) -> None:
        cart = Cart()
        cart.add("tea", 450, 2)
        cart.add("cup", 1200)
        self.assertEqual(cart.goods_cents, 2100)

    def test_nonsense_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            Cart().add("tea", -1)
