"""The benchmarks run, compare what they measure, and say so if it is not the same; how fast it was is not tested."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main, topics
from benchmarks.measure import Case, Figure, Row, measure
from benchmarks.simpy_peer import lucks, run, to_log
from lifecycle_kit.trace import broken_rules


def quiet(_: str) -> None:
    """Say nothing."""


def case(name: str, does: Callable[[], object], **more: object) -> Case:
    """Return a case that needs no preparation."""
    return Case(name=name, prepare=lambda: does, **more)  # type: ignore[arg-type]


def test_a_small_run_measures_everything_and_finds_equal_logs(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    done = CliRunner().invoke(main, ["--quick", "--json", str(file)])
    assert done.exit_code == 0, done.output
    assert "Logs that must be equal are equal." in done.output
    told = json.loads(file.read_text())
    assert told["unequal"] == []
    assert told["about"]["python"] == sys.version.split()[0]
    assert set(told["timings"]) == {case.name for topic in topics(small=True) for case in topic.cases}
    assert all(timing["seconds"] for timing in told["timings"].values())
    assert {row["title"] for row in told["rows"]} == {row.title for topic in topics(small=True) for row in topic.rows}


def test_every_log_of_the_workload_is_compared_with_simpys() -> None:
    compared: dict[str, list[str]] = {}
    for topic in topics(small=False):
        for each in topic.cases:
            if each.same.startswith("log on"):
                compared.setdefault(each.same, []).append(each.name.split()[0])
    several = {word: engines for word, engines in compared.items() if len(engines) > 1}
    assert len(several) >= 2
    assert all("SimPy" in engines for engines in several.values())


def test_some_cases_can_be_chosen(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    assert CliRunner().invoke(main, ["--quick", "--only", "import", "--json", str(file)]).exit_code == 0
    told = json.loads(file.read_text())
    assert set(told["timings"]) == {"python, nothing imported", "import"}
    assert "import lifecycle_kit" in {row["title"] for row in told["rows"]}


def test_a_log_that_differs_ends_the_run_with_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import simpy_peer

    honest = simpy_peer.to_log
    monkeypatch.setattr(simpy_peer, "to_log", lambda rows: honest(rows[1:]))
    done = CliRunner().invoke(main, ["--quick", "--only", "W("])
    assert done.exit_code == 1
    assert "does not come to the same as" in done.output


def test_cases_take_turns() -> None:
    order: list[str] = []
    cases = [case(name, lambda name=name: order.append(name)) for name in "AB"]  # type: ignore[misc]
    figures, unequal = measure(cases, 3, quiet)
    assert "".join(order) == "AB" + 3 * "AB"  # the first two warm up
    assert [len(figure.seconds) for figure in figures.values()] == [3, 3]
    assert unequal == []


def test_a_slow_case_takes_part_in_fewer_rounds_and_warms_up_on_something_small() -> None:
    order: list[str] = []
    slow = case("slow", lambda: order.append("slow"), rounds=1, warm_up=lambda: order.append("small"))
    measure([slow, case("A", lambda: order.append("A"))], 2, quiet)
    assert order == ["small", "A", "slow", "A", "A"]


def test_only_cases_with_the_same_word_are_compared() -> None:
    cases = [case("A", lambda: 1, same="x"), case("B", lambda: 2, same="x"), case("C", lambda: 3, same="y")]
    assert measure(cases, 2, quiet)[1] == ["B does not come to the same as A"]


def test_figures_are_medians_with_their_spread_and_a_cost_per_piece() -> None:
    figure = Figure([0.5, 0.1, 0.2], count=4)
    assert (figure.median, figure.spread, figure.each) == (0.2, (0.1, 0.5), 0.05)


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (Row(title="", value=lambda _: 0, unit="x", at_least=30), (False, True)),
        (Row(title="", value=lambda _: 0, unit="ms", at_most=30), (True, False)),
        (Row(title="", value=lambda _: 0, unit="ms"), (None, None)),
    ],
)
def test_a_target_is_met_or_missed(row: Row, met: tuple[bool | None, bool | None]) -> None:
    assert (row.met(29), row.met(31)) == met
    assert row.met(30) is (None if met == (None, None) else True)


def test_the_peer_follows_the_rules_of_every_trace() -> None:
    log = to_log(run(lucks(10, seed=3), 3600))
    assert broken_rules(log) == []
    assert {move.cause for move in log} >= {"exit 1", "signal SIGKILL", "liveness probe failed", "restart in 10 s"}
