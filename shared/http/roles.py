"""The roles of the system (rulings §8), with the words that people read for them."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from shared.kernel.errors import Words

ROLE_WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "hospital": ("医疗机构", "hospital"),
        "insurer_intake": ("保险公司受理", "insurer, intake"),
        "insurer_reviewer": ("保险公司审核", "insurer, reviewer"),
        "insurer_approver": ("保险公司复核", "insurer, approver"),
        "insurer_finance": ("保险公司财务", "insurer, finance"),
        "insurer_manager": ("保险公司负责人", "insurer, manager"),
        "township_clerk": ("乡镇经办员", "township clerk"),
        "township_director": ("乡镇合管办主任", "township director"),
        "county_recheck": ("县合管办复核", "county re-check"),
        "county_inspector": ("县合管办稽核", "county inspector"),
        "county_director": ("县合管办负责人", "county director"),
        "city_health": ("市卫生局", "city health bureau"),
        "county_finance": ("县财政局", "county finance"),
        "city_finance": ("市财政局", "city finance"),
        "sponsor": ("资助单位", "sponsor"),
        "auditor": ("审计", "auditor"),
        "insurance_regulator": ("保险监管部门", "insurance regulator"),
        "discipline": ("纪检监察", "discipline inspection"),
        "supervisor": ("监督委员会", "supervisory committee"),
        "coordination_secretary": ("协调领导小组秘书", "coordination secretary"),
        "public": ("公众", "public"),
        "service": ("系统服务", "service"),
        "operator": ("系统运维", "operator"),
    }
)
ROLES = frozenset(ROLE_WORDS)


def role_words(role: str) -> Words:
    """What a role is called; one that does not exist is told as it is."""
    return ROLE_WORDS.get(role, (role, role))


def roles_words(roles: Iterable[str]) -> Words:
    """A list of roles in words, in the order of their codes."""
    words = [role_words(role) for role in sorted(roles)]
    return "、".join(zh for zh, _ in words), "; ".join(en for _, en in words)
