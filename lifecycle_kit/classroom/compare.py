"""How an answer differs from what was expected, in one sentence.

Rule: the type is looked at before the value, and no method of the learner's objects - `__eq__`,
`__repr__` - is called before their type is known to be plain. An object that claims to equal
everything gains nothing.
"""

from __future__ import annotations

from typing import Any

__all__ = ["difference", "show"]

_WORDS: dict[type, str] = {
    bool: "True or False",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "a dict",
    type(None): "None",
}
_LONGEST_SHOWN = 300
_DEEPEST_SHOWN = 6


def difference(got: Any, want: Any, where: str = "the answer") -> str | None:
    """Return how `got` differs from `want` - type, length, values, order - or None if it does not.

    Args:
        got: what the learner's function returned; may be anything.
        want: plain data: None, bool, int, float, str, list, dict with string keys.
        where: the name of this part of the answer.

    >>> difference(40, 80.0)
    'the answer is 40, expected 80.0'
    >>> difference(["b", "a"], ["a", "b"])
    "the answer has the right items in another order: ['b', 'a'], expected ['a', 'b']"
    >>> difference({"after_s": None}, {"after_s": 1.0})
    "answer['after_s'] is None, expected a number (1.0)"
    """
    if wrong_type := _type_difference(got, want, where):
        return wrong_type
    if type(want) is dict:
        return _dict_difference(got, want, where)
    if type(want) is list:
        return _list_difference(got, want, where)
    same = _close(got, want) if type(want) in (int, float) else got == want
    return None if same else f"{where} is {show(got)}, expected {show(want)}"


def show(value: Any, depth: int = 0) -> str:
    """Return `value` as text that is never long and never calls code of a class that is not plain.

    >>> show({"a": [1, 2.5, None]}), show(10**60), show(object())
    ("{'a': [1, 2.5, None]}", 'a whole number of about 60 digits', 'a value of type object')
    """
    kind = type(value)
    if depth > _DEEPEST_SHOWN:
        return "..."
    if kind is int and value.bit_length() > 160:
        return f"a whole number of about {int(value.bit_length() * 0.30103)} digits"
    if kind in (bool, int, float, str, type(None)):
        return _short(repr(value))
    if kind is dict:
        items = (f"{show(k, depth + 1)}: {show(v, depth + 1)}" for k, v in value.items())
        return _short("{" + ", ".join(items) + "}")
    if kind in (list, tuple):
        inside = ", ".join(show(item, depth + 1) for item in value)
        comma = "," if kind is tuple and len(value) == 1 else ""
        return _short(f"[{inside}]" if kind is list else f"({inside}{comma})")
    return f"a value of type {kind.__name__}"


def _type_difference(got: Any, want: Any, where: str) -> str | None:
    numbers = (int, float)
    if type(got) is type(want) or (type(got) in numbers and type(want) in numbers):
        return None
    expected = _WORDS[type(want)]
    value = "" if want is None else f" ({show(want)})"
    plain = type(got) in (bool, int, float, str, list, tuple, dict)
    kind = f", a {type(got).__name__}" if plain else ""
    return f"{where} is {show(got)}{kind}, expected {expected}{value}"


def _dict_difference(got: dict[Any, Any], want: dict[str, Any], where: str) -> str | None:
    if odd := [key for key in got if type(key) is not str]:
        return f"{where} has the key {show(odd[0])}, expected only strings as keys"
    for key in want:
        if key not in got:
            return f"{where} has no key {key!r}, expected {show(want[key])} there"
    for key in got:
        if key not in want:
            return f"{where} has the key {show(key)} (value {show(got[key])}), expected no such key"
    base = where.removeprefix("the ")
    parts = (difference(got[key], want[key], f"{base}[{key!r}]") for key in want)
    return next((part for part in parts if part), None)


def _list_difference(got: list[Any], want: list[Any], where: str) -> str | None:
    both = f"{show(got)}, expected {show(want)}"
    if len(got) != len(want):
        return f"{where} has length {len(got)}, expected length {len(want)}: {both}"
    base = where.removeprefix("the ")
    parts = (difference(a, b, f"{base}[{n}]") for n, (a, b) in enumerate(zip(got, want, strict=True)))
    problem = next((part for part in parts if part), None)
    plain = all(type(item) is str for item in got)
    if problem and plain and sorted(got) == sorted(want):
        return f"{where} has the right items in another order: {both}"
    return problem and f"{problem}; in all {both}"


def _close(got: float, want: float) -> bool:
    # Comparing with two bounds never converts a huge whole number to float, which would overflow.
    room = 1e-9 * max(1.0, abs(want))
    return got == want or want - room <= got <= want + room


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 4] + " ..."
