"""Differences between an answer and what was expected, and what of a learner's value is shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lifecycle_kit.classroom.compare import difference, show

PLAIN = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
)


class Agreeable:
    """Claims to equal everything, and fails the test that asks it anything."""

    def __eq__(self, other: object) -> bool:
        raise AssertionError("nobody may ask an unknown object whether it is equal")

    def __repr__(self) -> str:
        raise AssertionError("nobody may ask an unknown object for its text")

    __hash__ = object.__hash__


@given(PLAIN)
def test_a_plain_value_does_not_differ_from_itself(value: Any) -> None:
    assert difference(value, value) is None


@given(PLAIN, PLAIN)
def test_any_two_plain_values_can_be_compared_and_shown(got: Any, want: Any) -> None:
    found = difference(got, want)
    assert found is None or isinstance(found, str)
    assert len(show(got)) <= 300


@pytest.mark.parametrize(
    ("got", "want", "says"),
    [
        (None, "ready", "the answer is None, expected a string ('ready')"),
        (True, 1, "the answer is True, a bool, expected a number (1)"),
        (1, True, "the answer is 1, a int, expected True or False (True)"),
        ("1.0", 1.0, "the answer is '1.0', a str, expected a number (1.0)"),
        (("a",), ["a"], "the answer is ('a',), a tuple, expected a list (['a'])"),
        (0.0, None, "the answer is 0.0, a float, expected None"),
        (["a"], ["a", "b"], "the answer has length 1, expected length 2: ['a'], expected ['a', 'b']"),
        (["b", "a"], ["a", "b"], "the answer has the right items in another order: ['b', 'a'], expected ['a', 'b']"),
        (["a", "c"], ["a", "b"], "answer[1] is 'c', expected 'b'; in all ['a', 'c'], expected ['a', 'b']"),
        ({"a": 1}, {"a": 1, "b": 2}, "the answer has no key 'b', expected 2 there"),
        ({"a": 1, "b": 2}, {"a": 1}, "the answer has the key 'b' (value 2), expected no such key"),
        ({1: 1}, {"a": 1}, "the answer has the key 1, expected only strings as keys"),
        ({"a": {"b": 3}}, {"a": {"b": 2}}, "answer['a']['b'] is 3, expected 2"),
        (float("nan"), 1.0, "the answer is nan, expected 1.0"),
    ],
)
def test_the_first_difference_is_said_in_one_sentence(got: Any, want: Any, says: str) -> None:
    assert difference(got, want) == says


@pytest.mark.parametrize(("got", "want"), [(0.1 + 0.2, 0.3), (3, 3.0), (1e9 + 0.5, 1e9)])
def test_numbers_may_differ_by_one_part_in_a_thousand_million(got: float, want: float) -> None:
    assert difference(got, want) is None


@pytest.mark.parametrize("want", [None, "ready", 1.0, True, ["a"], {"a": 1}])
def test_an_object_that_equals_everything_gains_nothing(want: Any) -> None:
    assert "a value of type Agreeable" in str(difference(Agreeable(), want))
    assert difference([Agreeable()], [want])
    assert difference({"a": Agreeable()}, {"a": want})
    assert "only strings as keys" in str(difference({Agreeable(): 1}, {"a": 1}))


def test_a_number_too_long_for_python_to_print_is_described() -> None:
    assert difference(10**5000, 1.0) == "the answer is a whole number of about 5000 digits, expected 1.0"


def test_a_list_that_contains_itself_is_shown_to_some_depth() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert show(endless) == "[[[[[[[...]]]]]]]"


def test_what_is_shown_is_never_long() -> None:
    assert len(show("x" * 10_000)) == 300
    assert len(show(list(range(10_000)))) == 300
