"""Wire types under the name that routes use."""

from shared.contracts.wire import Quantity, Ratio, ShortId, UnitPrice, WireModel, Yuan

__all__ = ["Quantity", "Ratio", "ShortId", "UnitPrice", "WireModel", "Yuan"]
