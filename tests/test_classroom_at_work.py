"""The learner's function in the simulator: right ones do their work, wrong ones show what they cost, none raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lifecycle_kit.classroom import answers, records
from lifecycle_kit.classroom.at_work_backoff import restart_worker
from lifecycle_kit.classroom.at_work_drain import drain_under_load
from lifecycle_kit.classroom.at_work_view import route_traffic
from tests.wrong_solutions import backoff, drain, lifecycle_view
from tests.wrong_solutions.bank import Solution, release, submission

PLUGS: dict[str, tuple[Callable[..., None], str]] = {
    "lifecycle-view": (route_traffic, "lifecycle_view"),
    "backoff": (restart_worker, "decide"),
    "drain": (drain_under_load, "drain_next"),
}
BANKS: dict[str, Any] = {"lifecycle-view": lifecycle_view, "backoff": backoff, "drain": drain}
WRONG = [pytest.param(a, wrong, id=f"{a}: {wrong.name}") for a, bank in BANKS.items() for wrong in bank.WRONG]

Output = pytest.CaptureFixture[str]


def rows(output: Output) -> dict[str, dict[str, str]]:
    """Return the printed table: a dict of columns for each row; columns are set apart by two spaces or more."""
    head, *lines = output.readouterr().out.splitlines()
    columns = [words.strip() for words in head.split("  ") if words.strip()]
    parted = [[words.strip() for words in line.split("  ") if words.strip()] for line in lines]
    return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in parted}


def test_a_right_view_serves_every_request(capsys: Output) -> None:
    route_traffic(answers.lifecycle_view)
    table = rows(capsys)
    assert table["by your view"] == {"requests": "600", "served": "600", "stuck": "0", "errors": "0", "refused": "0"}
    assert all(int(table["to every process"][column]) > 0 for column in ("stuck", "errors", "refused"))


@pytest.mark.parametrize(
    ("forgotten", "column"), [("ready", "errors"), ("draining", "refused"), ("dependency_blocked", "stuck")]
)
def test_each_forgotten_question_fills_its_own_column(forgotten: str, column: str, capsys: Output) -> None:
    def forgetful(process_alive: bool, ready: bool, draining: bool, dependency_blocked: bool) -> str:
        signals = {"ready": ready, "draining": draining, "dependency_blocked": dependency_blocked}
        signals[forgotten] = forgotten == "ready"
        return answers.lifecycle_view(process_alive, **signals)

    route_traffic(forgetful)
    counts = rows(capsys)["by your view"]
    assert int(counts[column]) > 0
    assert int(counts["served"]) + int(counts[column]) == 600


def test_a_right_policy_gives_up_on_wrong_credentials_and_outlasts_an_outage(capsys: Output) -> None:
    restart_worker(answers.decide)
    table = rows(capsys)
    assert table["wrong credentials, your policy"]["starts"] == "1"
    assert table["wrong credentials, your policy"]["in the end"] == "given up"
    assert table["queue away for 45 s, your policy"]["in the end"] == "works"
    starts = [int(table[f"queue away for 45 s, {whose}"]["starts"]) for whose in ("your policy", "every second")]
    assert starts[0] < starts[1]


def test_the_policy_handed_in_is_the_one_in_force(capsys: Output) -> None:
    restart_worker(answers.decide, records.policy(max_restarts=3))
    table = rows(capsys)
    assert table["queue away for 45 s, your policy"]["in the end"] == "given up"
    assert table["queue away for 45 s, your policy"]["starts"] == "4"


def test_a_policy_that_never_waits_is_still_looping_in_the_end(capsys: Output) -> None:
    restart_worker(
        lambda _failures, _policy: {"action": "restart", "after_s": 0.0, "crash_loop": False, "alert": False}
    )
    assert rows(capsys)["wrong credentials, your policy"]["in the end"] == "still looping"


@pytest.mark.parametrize(("can_requeue", "outcome"), [(True, "requeued"), (False, "cut")])
def test_a_right_drain_loses_nothing_and_is_gone_at_its_deadline(
    can_requeue: bool, outcome: str, capsys: Output
) -> None:
    drain_under_load(answers.drain_next, can_requeue=can_requeue)
    table = rows(capsys)
    assert int(table["killed at once"]["lost"]) > 0
    for way, gone_at in (("your drain", "14.0"), ("your drain, second stop at 11 s", "11.0")):
        counts = table[way]
        assert counts["lost"] == "0"
        assert counts["gone at s"] == gone_at
        assert int(counts["arrived"]) == sum(int(counts[end]) for end in ("done", "refused", "requeued", "cut"))
        assert int(counts[outcome]) > 0


def test_a_drain_that_forgets_outcomes_is_seen_losing_work(capsys: Output) -> None:
    def forgetful(state: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
        step = answers.drain_next(state, event)
        return {**step, "state": {**step["state"], "outcomes": {}}}

    drain_under_load(forgetful)
    assert int(rows(capsys)["your drain"]["lost"]) > 0


def functions_of(notebook: Any) -> dict[str, Any]:
    """Return what the solution cells define."""
    names: dict[str, Any] = {}
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            exec(cell.source, names)
    return names


@pytest.mark.parametrize(("assignment", "wrong"), WRONG)
def test_a_wrong_solution_at_work_shows_a_table_or_a_sentence(assignment: str, wrong: Solution, capsys: Output) -> None:
    plug, name = PLUGS[assignment]
    plug(functions_of(submission(assignment, wrong))[name])
    said = capsys.readouterr().out
    assert "your " in said or said.startswith("not yet: ")


@pytest.mark.parametrize("assignment", PLUGS)
def test_what_is_not_written_yet_shows_a_table_or_a_sentence(assignment: str, capsys: Output) -> None:
    plug, name = PLUGS[assignment]
    plug(functions_of(release(assignment))[name])
    said = capsys.readouterr().out
    assert "your " in said or said.startswith("not yet: ")


@pytest.mark.parametrize("answer", [None, "ready", 3, [], {}, {"state": {}, "actions": []}, {"action": "restart"}])
@pytest.mark.parametrize("assignment", ["backoff", "drain"])
def test_an_answer_of_another_form_is_named_and_the_check_recommended(
    assignment: str, answer: Any, capsys: Output
) -> None:
    plug, name = PLUGS[assignment]
    plug(lambda *_args: answer)
    said = capsys.readouterr().out
    assert said.startswith("not yet: ")
    assert f", {name}) says.\n" in said


@pytest.mark.parametrize("delay", [None, True, "1", -1.0, float("nan"), float("inf")])
def test_a_delay_that_is_none_is_named(delay: Any, capsys: Output) -> None:
    restart_worker(
        lambda _failures, _policy: {"action": "restart", "after_s": delay, "crash_loop": False, "alert": False}
    )
    assert capsys.readouterr().out.startswith("not yet: answer[")


@pytest.mark.parametrize(
    "change", [{"deadline": None}, {"outcomes": {"job-1": ["done"]}}, {"in_flight": "job-1"}, {"phase": 3, "ended": []}]
)
def test_a_state_nobody_can_go_on_from_is_named_or_lived_with(change: dict[str, Any], capsys: Output) -> None:
    def odd(state: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
        step = answers.drain_next(state, event)
        return {**step, "state": {**step["state"], **change}} if event["kind"] == "stop" else step

    drain_under_load(odd)
    said = capsys.readouterr().out
    assert said.startswith("not yet: ") or "your drain" in said
