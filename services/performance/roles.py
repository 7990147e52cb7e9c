"""Who may read, decide and fix here (rulings §8). The insurer reads its own figures and sets none of them."""

READERS = (
    "auditor",
    "city_finance",
    "city_health",
    "coordination_secretary",
    "county_director",
    "county_finance",
    "county_inspector",
    "county_recheck",
    "discipline",
    "insurance_regulator",
    "insurer_manager",
    "supervisor",
)
DECIDERS = ("city_health",)
"""Standards are the city leading group's (ZZ-20); the health bureau enters them with the deciding document."""
FIXERS = ("city_health", "county_director")
