"""What the states of batches and payments are called. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

from shared.kernel.errors import Words

STATUS: Mapping[str, Words] = MappingProxyType(
    {
        "prepared": ("待放行", "prepared"),
        "released": ("已放行", "released"),
        "sent": ("已送银行", "sent to the bank"),
        "cancelled": ("已撤销", "cancelled"),
    }
)
PAYMENT_STATUS: Mapping[str, Words] = MappingProxyType(
    {
        **STATUS,
        "unknown": ("银行逾期未回", "without a result by the bank's deadline"),
        "confirmed": ("已由银行确认", "confirmed by the bank"),
        "returned": ("已退票", "returned"),
        "not_executed": ("已申明未执行", "declared not executed"),
        "paid_twice": ("已重复支付", "paid twice"),
    }
)
