"""The order of names by pinyin: surnames by their own reading, syllable by syllable."""

from services.enrollment.registry.names import name_order


def test_people_stand_as_in_a_list_by_pinyin() -> None:
    names = ["张三", "曾国", "李四", "李丽", "单强", "安平", "欧阳修", "欧文", "连胜", "任长江", "尉迟恭", "余庆"]
    expected = ["安平", "李丽", "李四", "连胜", "欧文", "欧阳修", "任长江", "单强", "余庆", "尉迟恭", "曾国", "张三"]
    assert sorted(names, key=name_order) == expected


def test_a_shorter_name_stands_before_the_longer_and_tones_count() -> None:
    assert name_order("王强") < name_order("王强生")
    assert name_order("麻利") < name_order("马利")


def test_equal_readings_are_told_apart_by_their_characters() -> None:
    assert name_order("张伟") != name_order("章伟")
    assert name_order("张伟").split("\t")[0] == name_order("章伟").split("\t")[0]


def test_names_of_other_scripts_keep_their_letters() -> None:
    assert name_order("Anna").startswith("anna\t")
    assert name_order("买买提·艾力").startswith("mai3 mai3 ti2 · ai4 li4\t")
    assert name_order("𠮷田")
