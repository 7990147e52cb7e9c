"""The request that turns down what another person (or oneself) asked for, before it is approved."""

from shared.contracts.wire import Reason, WireModel


class RefusalIn(WireModel):
    """Why."""

    reason: Reason
