"""Which benefits of a policy a cap counts together, and what of that changes between two policies, in words."""

from __future__ import annotations

from collections.abc import Iterator

from services.claims.benefits.model import EACH_TIME, Benefit, Cap, Policy

Kind = tuple[object, ...]


def kind_of(benefit: Benefit) -> Kind:
    """What makes two buckets the same in two policies."""
    return benefit.kind, benefit.entitlement, tuple(sorted(benefit.diseases)), tuple(sorted(benefit.items))


def own_id(row_id: str) -> str:
    """The id of a row in its bucket, which another version may name otherwise: `year` of `basic.hospital.year`."""
    return row_id.rpartition(".")[2]


def counted_with(benefit: Benefit, cap: Cap, policy: Policy) -> dict[tuple[str, Kind], str]:
    """The other buckets whose benefits a cap of a bucket counts too, with their names; a cap each time counts none."""
    if cap.period in EACH_TIME:
        return {}
    return {
        (layer.id, kind_of(other)): other.name
        for layer in policy.layers
        for other in layer.buckets
        if other.id != benefit.id and (cap.period, cap.counts) in other.adds_to
    }


def sharing_changes(was: Benefit | None, now: Benefit, old: Policy, new: Policy) -> Iterator[str]:
    """What the caps of a bucket count together with other ones than before: `counts` and `adds_to` of the document."""
    caps = {} if was is None else {own_id(cap.id): cap for cap in was.caps}
    for cap in now.caps:
        before: dict[tuple[str, Kind], str] | None = None
        if was is not None and own_id(cap.id) in caps:
            before = counted_with(was, caps[own_id(cap.id)], old)
        after = counted_with(now, cap, new)
        if before is None and after:
            yield f"- {now.name}:{cap.name}{together(after)}。"
        elif before is not None and before.keys() != after.keys():
            yield f"- {now.name}:{cap.name}原{together(before)},现{together(after)}。"


def together(others: dict[tuple[str, Kind], str]) -> str:
    """`与“门诊统筹”合并累计`."""
    return f"与{'、'.join(f'“{name}”' for name in others.values())}合并累计" if others else "单独累计"
