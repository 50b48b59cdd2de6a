"""What it costs to send an order."""

from shop.cart import Cart

HOME_CENTS = 490
ABROAD_CENTS = 1250


def shipping_cents(cart: Cart) -> int:
    """Return the price of sending *cart*."""
    if not cart.items:
        return 0
    return ABROAD_CENTS if cart.abroad else HOME_CENTS
