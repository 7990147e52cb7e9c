"""Wire types under the name that routes use."""

from shared.contracts.wire import FreeText, Quantity, Ratio, Reason, ShortId, UnitPrice, WireModel, Yuan

__all__ = ["FreeText", "Quantity", "Ratio", "Reason", "ShortId", "UnitPrice", "WireModel", "Yuan"]
