"""Institutions and their dated agreements with pools (rulings §12)."""

ACTIVE, SUSPENDED, NONE = "active", "suspended", "none"


def place_of(pool_code: str, area_code: str) -> str:
    """Where an institution stands as seen from a pool: six digits are the county, the first two the province."""
    if area_code[:6] == pool_code[:6]:
        return "in_county"
    return "in_province" if area_code[:2] == pool_code[:2] else "out_of_province"
