"""Who may read the fund's money: those who run it and those who watch it (rulings §8)."""

WATCHERS = frozenset(
    {
        "county_finance",
        "city_finance",
        "city_health",
        "auditor",
        "insurance_regulator",
        "county_director",
        "county_recheck",
        "county_inspector",
        "supervisor",
        "discipline",
    }
)
INSURER = frozenset({"insurer_finance", "insurer_approver", "insurer_manager"})
READERS = WATCHERS | INSURER
