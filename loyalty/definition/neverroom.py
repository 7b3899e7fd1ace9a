"""What several tests of one value leave it."""

from __future__ import annotations

from loyalty.definition.comparison import Operator, Values


class Room:
    """The values that tests seen so far leave for one attribute."""

    def __init__(self, *, from_zero: bool = False) -> None:
        self.among: set[object] | None = None
        # (number, whether it is itself left out)
        self.low: tuple[float, bool] | None = (0.0, False) if from_zero else None
        self.high: tuple[float, bool] | None = None
        self.gone: set[object] = set()
        self.missing: bool | None = None
        self.asks = False

    def take(self, operator: Operator, value: Values) -> None:
        values = {plain_of(each) for each in (value if isinstance(value, tuple) else (value,))}
        self.asks = self.asks or operator in ("eq", "in", "gt", "ge", "lt", "le")
        if operator == "exists":
            self.missing = value is False
        elif operator in ("eq", "in"):
            self.among = values if self.among is None else self.among & values
        elif operator in ("ne", "not_in"):
            self.gone |= values
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self._bound(operator, float(value))

    def _bound(self, operator: Operator, number: float) -> None:
        strict = operator in ("gt", "lt")
        if operator in ("gt", "ge") and (self.low is None or (number, strict) > self.low):
            self.low = (number, strict)
        if operator in ("lt", "le") and (self.high is None or (number, not strict) < (self.high[0], not self.high[1])):
            self.high = (number, strict)

    @property
    def empty(self) -> bool:
        if self.missing and self.asks:
            return True
        if self.among is not None:
            return not any(self._fits(each) for each in self.among)
        if self.low is None or self.high is None:
            return False
        return self.low[0] > self.high[0] or (self.low[0] == self.high[0] and (self.low[1] or self.high[1]))

    def _fits(self, value: object) -> bool:
        if value in self.gone:
            return False
        if self.low is None and self.high is None:
            return True
        if not isinstance(value, int | float):
            return False
        above = self.low is None or value > self.low[0] or (value == self.low[0] and not self.low[1])
        below = self.high is None or value < self.high[0] or (value == self.high[0] and not self.high[1])
        return above and below


def plain_of(value: object) -> object:
    """true isn't 1."""
    return ("bool", value) if isinstance(value, bool) else value
