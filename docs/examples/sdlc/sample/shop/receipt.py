"""What the customer gets to read."""

from shop.cart import Cart
from shop.shipping import shipping_cents


def money(cents: int) -> str:
    """Spell an amount, such as 4.90."""
    return f"{cents // 100}.{cents % 100:02d}"


def receipt(cart: Cart) -> str:
    """Return the receipt of *cart*, one line each."""
    shipping = shipping_cents(cart)
    lines = [f"{item.count} x {item.name}: {money(item.cents * item.count)}" for item in cart.items]
    lines.append(f"Shipping: {money(shipping)}")
    lines.append(f"Total: {money(cart.goods_cents + shipping)}")
    return "\n".join(lines)
