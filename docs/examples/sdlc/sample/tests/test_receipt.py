import unittest

from shop.cart import Cart
from shop.receipt import receipt


class TestReceipt(unittest.TestCase):
    def test_a_small_order(self) -> None:
        cart = Cart()
        cart.add("tea", 450, 2)
        self.assertEqual(receipt(cart), "2 x tea: 9.00\nShipping: 4.90\nTotal: 13.90")

    def test_an_order_that_ships_free(self) -> None:
        cart = Cart()
        cart.add("pot", 6000)
        self.assertEqual(
            receipt(cart), "1 x pot: 60.00\nShipping: free\nTotal: 60.00\nYou saved 4.90"
        )
