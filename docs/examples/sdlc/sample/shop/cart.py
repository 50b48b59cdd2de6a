"""What a customer is about to buy."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Item:
    """Something in a cart; its price is in cents."""

    name: str
    cents: int
    count: int = 1


@dataclass
class Cart:
    """Items, and where they go."""

    items: list[Item] = field(default_factory=list)
    abroad: bool = False

    def add(self, name: str, cents: int, count: int = 1) -> None:
        """Put *count* of something into the cart."""
        if cents < 0 or count < 1:
            raise ValueError(f"{count} of {name} for {cents} cents")
        self.items.append(Item(name, cents, count))

    @property
    def goods_cents(self) -> int:
        """What the goods are worth, without shipping."""
        return sum(item.cents * item.count for item in self.items)
