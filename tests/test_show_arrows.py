"""From rows of a table to arrows: nothing is lost, and a frame speaks for all its members or not at all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.show.arrows import Arrow, merged, sentences

NAMES = st.sampled_from("abcd")
TABLES = st.lists(st.tuples(NAMES, st.sampled_from(["go", "stop", "skip"]), NAMES), unique=True)
FRAME = {"both": ("a", "b")}


@given(TABLES)
def test_every_row_is_on_exactly_one_arrow(rows: list[tuple[str, str, str]]) -> None:
    shown = [
        (member, label, arrow.target)
        for arrow in merged(rows, FRAME)
        for member in arrow.members
        for label in arrow.labels
    ]
    assert sorted(shown) == sorted(rows)


@given(TABLES)
def test_between_two_ends_there_is_one_arrow(rows: list[tuple[str, str, str]]) -> None:
    ends = [(arrow.source, arrow.target) for arrow in merged(rows, FRAME)]
    assert len(ends) == len(set(ends))


def test_a_move_that_one_member_lacks_is_drawn_from_the_others_themselves() -> None:
    assert merged([("a", "go", "c"), ("c", "go", "a")], FRAME) == [
        Arrow("a", "c", ("go",), ("a",), ("a",)),
        Arrow("c", "a", ("go",), ("c",), ("c",)),
    ]


def test_triggers_keep_the_order_of_the_table() -> None:
    assert merged([("a", "stop", "b"), ("a", "go", "b")])[0].labels == ("stop", "go")


@given(TABLES)
def test_the_sentences_have_a_line_per_source(rows: list[tuple[str, str, str]]) -> None:
    assert [line.split()[0] for line in sentences(rows)] == list(dict.fromkeys(source for source, _, _ in rows))


def test_a_frames_arrow_knows_the_members_that_have_no_arrow_of_their_own_to_the_target() -> None:
    arrows = merged([("a", "go", "c"), ("b", "go", "c"), ("b", "skip", "c")], FRAME)
    assert [(arrow.source, arrow.members, arrow.only) for arrow in arrows] == [
        ("both", ("a", "b"), ("a",)),
        ("b", ("b",), ("b",)),
    ]
