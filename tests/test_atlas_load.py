"""The atlas as data: what is shipped, how it is read and chosen from, and how wrong lines are told."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lifecycle_kit.atlas import KINDS, BadAtlas, comparisons, load, read, shipped

CASE: dict[str, Any] = {
    "id": "upstart/one", "system": "upstart", "version": "1", "kind": "restart", "family": "respawn", "level": "rule",
    "title": "It is started again.", "given": {}, "observed": {}, "evidence": "recorded", "source": "seen",
    "tolerance_s": 0.1,
}  # fmt: skip


def write(folder: Path, *lines: dict[str, Any] | str, name: str = "mine.jsonl") -> Path:
    """Return a file with these lines; texts are written as they are."""
    path = folder / name
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


# --- what is shipped


def test_the_shipped_atlas_is_whole() -> None:
    cases = load()
    assert len(cases) == len({case.id for case in cases}) == 631
    assert Counter(case.level for case in cases) == {"rule": 625, "fact": 6}
    assert {case.kind for case in cases} == set(KINDS)
    assert all(case.id.startswith(f"{case.system}/") for case in cases)


def test_every_file_of_the_atlas_is_named_after_its_kind() -> None:
    assert {path.stem for path in shipped().glob("*.jsonl")} == set(KINDS)
    assert all(Path(case.place[0]).stem == case.kind for case in load())


def test_every_observed_key_has_a_way_to_be_compared() -> None:
    missing = [f"{case.id}: {key}" for case in load() for key in case.observed if key not in comparisons()[case.sort]]
    assert not missing


def test_every_family_has_a_rule_in_words() -> None:
    rules = (shipped() / "RULES.md").read_text(encoding="utf-8")
    assert {f"**{case.system}/{case.family}**" for case in load()} <= set(rules.replace(":", " ").split())


# --- choosing


def test_cases_are_chosen_by_one_word_or_several() -> None:
    both = load(system=["runit", "s6"], kind="restart")
    assert {case.system for case in both} == {"runit", "s6"}
    assert {case.kind for case in both} == {"restart"}
    assert len(both) == len(load(system="runit", kind="restart")) + len(load(system="s6", kind="restart"))


@pytest.mark.parametrize("key", ["system", "kind", "evidence", "family", "level", "id"])
def test_each_of_six_keys_can_be_chosen_by(key: str) -> None:
    word = getattr(load()[-1], key)
    chosen = load(**{key: word})
    assert chosen
    assert {getattr(case, key) for case in chosen} == {word}


def test_a_key_that_nobody_chooses_by_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="no 'title' to choose by; use system, kind"):
        load(title="x")


# --- reading


def test_files_and_folders_are_read_in_order(tmp_path: Path) -> None:
    write(tmp_path, {**CASE, "id": "upstart/b"}, name="b.jsonl")
    write(tmp_path, {**CASE, "id": "upstart/a"}, name="a.jsonl")
    (tmp_path / "notes.txt").write_text("no case")
    own = write(tmp_path, CASE, name="own.json")
    assert [case.id for case in load(tmp_path, own)] == ["upstart/a", "upstart/b", "upstart/one"]


def test_a_case_knows_its_place_and_its_optional_keys(tmp_path: Path) -> None:
    path = write(tmp_path, "", {**CASE, "notes": "twice", "unheard_of": 1})
    (case,) = load(path)
    assert case.place == (str(path), 2)
    assert (case.notes, case.extra, case.sort) == ("twice", {}, "restart/upstart/respawn")


@pytest.mark.parametrize(
    ("change", "key", "why"),
    [
        ({"title": None}, "title", "None is not a text"),
        ({"kind": "reincarnation"}, "kind", "'reincarnation' is not known; allowed are restart, decision"),
        ({"level": "rumour"}, "level", "allowed are rule, fact"),
        ({"evidence": "hearsay"}, "evidence", "allowed are recorded"),
        ({"given": []}, "given", "is not an object"),
        ({"tolerance_s": "0.1"}, "tolerance_s", "is not a number of seconds"),
        ({"tolerance_s": True}, "tolerance_s", "is no tolerance"),
        ({"tolerance_s": -1}, "tolerance_s", "is no tolerance"),
        ({"tolerance_s": float("nan")}, "tolerance_s", "is no tolerance"),
    ],
)
def test_a_wrong_value_is_told_with_file_line_and_key(
    change: dict[str, Any], key: str, why: str, tmp_path: Path
) -> None:
    path = write(tmp_path, CASE, {**CASE, **change}, CASE)
    cases, (problem,) = read(path)
    assert len(cases) == 2
    assert (problem.file, problem.line, problem.key) == (str(path), 2, key)
    assert why in str(problem)


@pytest.mark.parametrize("key", sorted(CASE))
def test_a_missing_key_is_told(key: str, tmp_path: Path) -> None:
    path = write(tmp_path, {name: value for name, value in CASE.items() if name != key})
    _, (problem,) = read(path)
    assert str(problem) == f"{path}:1: {key}: it is missing; every case needs {problem.why.split('needs ')[1]}"


@pytest.mark.parametrize("line", ["{", "[1]", "null", '{"id": "x"} trailing', "\udcff", "[" * 100_000])
def test_what_is_no_case_is_told_and_the_rest_is_read(line: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_bytes(b"\n".join([json.dumps(CASE).encode(), line.encode("utf-8", "surrogateescape"), b""]))
    cases, (problem,) = read(path)
    assert [case.id for case in cases] == ["upstart/one"]
    assert (problem.line, problem.key) == (2, "")
    assert "no case" in problem.why


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    _, (problem,) = read(tmp_path / "nowhere.jsonl")
    assert str(problem) == f"{tmp_path / 'nowhere.jsonl'}: cannot be read: No such file or directory"


def test_load_raises_with_all_problems_and_keeps_the_good_cases(tmp_path: Path) -> None:
    path = write(tmp_path, "{", CASE, "}")
    with pytest.raises(BadAtlas, match=r"mine\.jsonl:1: no case") as caught:
        load(path)
    assert [problem.line for problem in caught.value.problems] == [1, 3]
    assert [case.id for case in caught.value.cases] == ["upstart/one"]
