"""Numbers of persons in texts that people write."""

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.contracts.wire import FreeText, Reason
from shared.kernel.disclosure import has_id_number, has_personal_number


@pytest.mark.parametrize(
    "text",
    [
        "患者522422196503121236重复住院",
        "证号 522422 19650312 1237,抄错一位也指向同一人",
        "11010519491231002x",
        "第一代证 522422650312123",
        "５２２４２２１９６５０３１２１２３６",
        "卡号 6222021234567890128",
        "4111 1111 1111 1111",
        "打 13812345678 联系",
        "+86 138-1234-5678",
        "固话 0857-5222123",
        "(0371) 65678901",
    ],
)
def test_a_number_of_a_person_is_seen(text: str) -> None:
    assert has_personal_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "超标准收费,第 3 行多收 120.00 元",
        "结算 410182-20261121-000123 与 410182-20261121-000124 重复",
        "就诊 01HV7Q3Z6M8Y2K4N5P7R9T1W3X",
        "2010-03-01 至 2010-03-31,共 31 天",
        "黔医改办发〔2010〕第 1234567890 号",
        "4111111111111112",
        "0127e2f0-0000-7000-8000-000000000000",
        "H52242200001 应退 123456789.00 元",
        "A522422196503121237B",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert not has_personal_number(text)


def test_a_free_text_says_what_to_do() -> None:
    assert TypeAdapter(Reason).validate_python("超价") == "超价"
    with pytest.raises(ValidationError, match="请删去后重发"):
        TypeAdapter(FreeText).validate_python("电话 13812345678")
    with pytest.raises(ValidationError, match="at least 1"):
        TypeAdapter(Reason).validate_python("")


NUMBER = "11010519491231002X"


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        f"本人{NUMBER}的申请",
        "11010519491231002x",
        "110105 19491231 002X",
        "110105-1949-1231-002X",
        "R11010519491231002X001",
        "110105194912310021 11010519491231002X",
        "11010519491231002X",
        "2010-02-01 11010519491231002X",
    ],
)
def test_an_id_number_is_found_anywhere(text: str) -> None:
    assert has_id_number(text)


@pytest.mark.parametrize(
    "text",
    ["", "毕署〔2009〕12号", "110105194912310021", "R000001", "13800000000", "2010-02-01 至 2010-12-31", "1" * 30],
)
def test_no_other_text_is_taken_for_an_id_number(text: str) -> None:
    assert not has_id_number(text)
