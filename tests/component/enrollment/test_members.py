"""Members in the order of their names, page by page."""

import pytest

from tests.component.enrollment.conftest import POOL, Office, sheet
from tests.component.enrollment.test_rosters import number, row

pytestmark = pytest.mark.anyio

NAMES = ("张三", "曾国", "李四", "单强", "李丽")
PATH = f"/pools/{POOL}/members"


@pytest.fixture
async def listed(county: Office) -> Office:
    """A county with one household of five."""
    members = [
        row(name, "户主" if place == 0 else "其他", number(f"19700{place + 1}01", 201 + 2 * place), head=NAMES[0])
        for place, name in enumerate(NAMES)
    ]
    await county.enrolled(sheet(members))
    return county


async def test_members_stand_by_pinyin_over_pages(listed: Office) -> None:
    found: list[str] = []
    cursor = ""
    for _ in NAMES:
        page = await listed.done("county_recheck", "GET", f"{PATH}?limit=2{cursor}")
        found += [item["name"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == ["李丽", "李四", "单强", "曾国", "张三"]


async def test_the_beginning_of_a_name_finds_it_and_shows_no_id_number(listed: Office) -> None:
    page = await listed.done("township_clerk", "GET", f"{PATH}?name=李", areas=("522422",))
    assert [item["name"] for item in page["items"]] == ["李丽", "李四"]
    assert all("id_number" not in item for item in page["items"])
    assert (await listed.done("auditor", "GET", f"{PATH}?name=丽"))["items"] == []


async def test_a_name_that_is_corrected_moves_in_the_list(listed: Office) -> None:
    renamed = [
        row("安国" if name == "曾国" else name, "户主" if place == 0 else "其他",
            number(f"19700{place + 1}01", 201 + 2 * place), head=NAMES[0])
        for place, name in enumerate(NAMES)
    ]  # fmt: skip
    await listed.enrolled(sheet(renamed))
    page = await listed.done("auditor", "GET", PATH)
    assert page["items"][0]["name"] == "安国"
