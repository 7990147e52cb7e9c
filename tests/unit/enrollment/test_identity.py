"""The resident ID number: checksum, date, old form, and what spreadsheets do to it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.demo.roster import check_character as demo_check_character
from services.enrollment.registry.identity import FEMALE, MALE, Identity, Unsound, mask_name, mask_number, read_identity
from shared.kernel.id_numbers import check_character, full_form, normal_form

TODAY = date(2010, 3, 1)
births = st.dates(date(1900, 1, 1), TODAY)
orders = st.integers(0, 999)
places = st.integers(110000, 829999).map(str)


def sound(place: str, birth: date, order: int) -> str:
    """A sound number, its check character computed apart from ours."""
    first = f"{place}{birth:%Y%m%d}{order:03d}"
    return first + demo_check_character(first)


def test_published_examples() -> None:
    assert check_character("11010519491231002") == "X"
    assert read_identity("11010519491231002X", TODAY) == Identity("11010519491231002X", date(1949, 12, 31), FEMALE)
    assert full_form("110105491231002") == "11010519491231002X"


@given(places, births, orders)
def test_every_sound_number_is_read(place: str, birth: date, order: int) -> None:
    text = sound(place, birth, order)
    assert read_identity(text, TODAY) == Identity(text, birth, MALE if order % 2 else FEMALE)


@given(places, births, orders, st.sampled_from(["{}", " {} ", "'{}", "{}\n", "\u3000{}"]))
def test_written_forms_are_one_number(place: str, birth: date, order: int, form: str) -> None:
    text = sound(place, birth, order)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in text)
    for written in (form.format(text), form.format(text.lower()), form.format(wide)):
        found = read_identity(written, TODAY)
        assert isinstance(found, Identity)
        assert found.number == text


@given(places, births, orders, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_never_passes(place: str, birth: date, order: int, at: int, shift: int) -> None:
    text = sound(place, birth, order)
    wrong = text[:at] + str((int(text[at]) + shift) % 10) + text[at + 1 :]
    assert isinstance(read_identity(wrong, TODAY), Unsound)


@given(st.text(max_size=40))
def test_any_text_gives_an_answer(text: str) -> None:
    found = read_identity(text, TODAY)
    assert isinstance(found, Identity | Unsound)
    if isinstance(found, Identity):
        assert found.birth_date <= TODAY


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "id_missing"),
        ("   ", "id_missing"),
        ("5.22422E+17", "id_scientific"),
        ("5.2e17", "id_scientific"),
        ("52242219800101", "id_length"),
        ("5224221980010100155", "id_length"),
        ("52242219800101ABCD", "id_characters"),
        ("0" * 18, "id_characters"),
        (sound("522422", TODAY + timedelta(days=1), 1), "id_birth_date"),
        (sound("522422", date(1850, 1, 1), 1), "id_birth_date"),
    ],
)
def test_what_is_unsound_says_why(text: str, code: str) -> None:
    assert read_identity(text, TODAY) == Unsound(code)


def test_masks_show_no_more_than_they_should() -> None:
    assert mask_number("11010519491231002X") == "110105********002X"
    assert mask_number("1234") == "****"
    assert mask_name("王大明") == "王**"
    assert mask_name("王") == "王*"
    assert normal_form(" 1１x ") == "11X"
