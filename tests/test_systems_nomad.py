"""Nomad: attempts in a fixed window, what follows them, and whether success is restarted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import like
from lifecycle_kit.atlas import load
from lifecycle_kit.exits import Exit
from lifecycle_kit.fidelity import check, predictor
from lifecycle_kit.instance import Unit
from lifecycle_kit.restart import Done, GiveUp, Memory, Restart
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.states import State
from lifecycle_kit.systems import OptionError, system
from lifecycle_kit.systems.nomad import NomadPolicy, restarts_on_success
from lifecycle_kit.trace import starts
from lifecycle_kit.units import ns, seconds

EXACT = NomadPolicy(attempts=2, interval_s=60, delay_s=5, jitter=0)


def begun(policy: NomadPolicy, run_s: float, until_s: float = 200, **more: Any) -> list[float]:
    """Return when the lives of a program began whose runs all last so long."""
    return starts(simulate(Unit(policy=policy), Script(run_s=run_s), until_s=until_s, **more).transitions)


def test_the_defaults_are_nomads_own() -> None:
    assert {option.name: option.default for option in system("nomad").options} == {
        "type": "service", "attempts": None, "interval": None, "delay": None, "mode": None, "lifecycle.hook": None,
        "lifecycle.sidecar": False, "kill_signal": "SIGINT", "kill_timeout": 5,
    }  # fmt: skip
    assert like("nomad").policy == NomadPolicy()
    batch = NomadPolicy(attempts=3, interval_s=86_400, delay_s=15, mode="fail", on_success=False)
    assert like("nomad", type="batch").policy == like("nomad", type="sysbatch").policy == batch


def test_attempts_are_restarts_so_there_is_one_run_more() -> None:
    assert begun(EXACT, 0) == [0, 5, 10]
    trace = simulate(Unit(policy=EXACT), Script(run_s=0), until_s=99)
    assert trace.transitions[-1].target is State.FAILED


def test_mode_delay_waits_for_the_next_window() -> None:
    policy = replace(EXACT, mode="delay")
    assert begun(policy, 1, until_s=130) == pytest.approx([0, 6, 12, 60, 66, 72, 121, 127], abs=1e-6)
    assert begun(policy, 0, until_s=131) == pytest.approx([0, 5, 10, 60, 65, 70, 120, 125, 130], abs=1e-6)


def test_the_window_begins_anew_with_the_first_end_after_it() -> None:
    assert begun(EXACT, 60, until_s=400) == [0, 65, 130, 195, 260, 325, 390]
    assert begun(EXACT, 20, until_s=400) == [0, 25, 50, 75, 100]


@given(st.integers(1, 6), st.floats(0, 1, exclude_max=True), st.floats(0, 30))
def test_a_pause_is_the_delay_and_up_to_a_quarter_more(attempts: int, u: float, delay_s: float) -> None:
    policy = NomadPolicy(attempts=attempts, delay_s=delay_s)
    memory = policy.on_start(Memory(), 0, True)[0]
    for _ in range(attempts):
        memory, decision = policy.on_exit(memory, Exit(code=1), 0, u)
        assert isinstance(decision, Restart)
        assert ns(delay_s) <= decision.after_ns <= 1.25 * ns(delay_s) + 1
    assert isinstance(policy.on_exit(memory, Exit(code=1), 0, u)[1], GiveUp)


@given(st.integers(1, 5), st.sampled_from([0.0, 0.5, 3.0, 20.0, 70.0]), st.sampled_from(["fail", "delay"]))
def test_no_window_sees_more_than_its_attempts(attempts: int, run_s: float, mode: str) -> None:
    policy = NomadPolicy(attempts=attempts, interval_s=60, delay_s=1, mode=mode, jitter=0)
    begins = begun(policy, run_s, until_s=600)
    for first in begins:
        assert sum(first <= later <= first + 59 for later in begins) <= 2 * attempts + 1
    trace = simulate(Unit(policy=policy), Script(run_s=run_s), until_s=600)
    assert mode == "fail" or trace.transitions[-1].target is not State.FAILED


def test_a_restart_by_hand_is_at_once_and_not_counted() -> None:
    policy = replace(EXACT, attempts=1)
    assert begun(policy, 10, requests=[(3, "restart"), (6, "restart")], until_s=99) == [0, 3, 6, 21]


def test_a_killed_task_stays_away() -> None:
    assert begun(EXACT, 10, requests=[(3, "stop")]) == [0]
    assert begun(EXACT, 10, requests=[(3, "kill")]) == [0]


@pytest.mark.parametrize(
    ("job", "hook", "sidecar", "again"),
    [
        ("service", None, False, True), ("system", None, False, True), ("batch", None, False, False),
        ("sysbatch", None, False, False), ("service", "prestart", False, False), ("batch", "prestart", True, True),
        ("service", "poststart", True, True), ("service", "poststop", True, False),
    ],
)  # fmt: skip
def test_success_is_restarted_where_the_task_is_to_run_on(job: str, hook: str, sidecar: bool, again: bool) -> None:
    assert restarts_on_success(job, hook, sidecar) is again
    policy = like(
        "nomad", {"type": job, "lifecycle.hook": hook, "lifecycle.sidecar": sidecar} if hook else {"type": job}
    ).policy
    memory, decision = policy.on_exit(Memory(), Exit(code=0), 0, 0.0)
    assert isinstance(decision, Restart) is again
    assert isinstance(policy.on_exit(Memory(), Exit(code=1), 0, 0.0)[1], Restart)
    assert seconds(memory.window_ns or 0) == 0


def test_without_attempts_a_batch_job_that_succeeded_is_done_and_all_else_is_given_up() -> None:
    never = NomadPolicy(attempts=0)
    assert never.on_exit(Memory(), Exit(code=0), 0, 0.0)[1] == GiveUp("not-restarting: no attempts allowed")
    batch = NomadPolicy(attempts=0, on_success=False)
    assert batch.on_exit(Memory(), Exit(code=0), 0, 0.0)[1] == Done()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"interval": "4s"}, "interval=4s: give at least 5s"),
        ({"attempts": 200, "delay": "15s"}, "so many with a delay of 15s do not fit into an interval of 1800s"),
        ({"attempts": 0, "mode": "delay"}, "mode=delay: ambiguous with attempts=0"),
        ({"mode": "sometimes"}, "mode=sometimes: allowed are fail, delay"),
        ({"delay": "soon"}, "delay=soon: give a duration"),
        ({"type": "cron"}, "type=cron: allowed are service, system, batch, sysbatch"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_named_with_what_is_allowed(options: dict[str, Any], named: str) -> None:
    with pytest.raises(OptionError) as error:
        like("nomad", options)
    assert named in str(error.value)


@pytest.mark.parametrize("case", load(system="nomad", level="rule"), ids=lambda case: case.id)
def test_the_atlas_agrees(case: Any) -> None:
    verdict = check(case)
    assert verdict.verdict == "agrees", verdict.reason


def test_with_a_clock_the_exact_waits_are_predicted() -> None:
    situation = {
        "policy": {"attempts": 2, "interval_s": 60, "delay_s": 5, "mode": "delay", "job": "service"},
        "lives": [{"run_s": 1, "exit": 1}], "repeat_last": True, "until_s": 70,
    }  # fmt: skip
    observed = predictor("nomad", "restart", "mode-delay")(situation)
    assert observed["delays_s"] == pytest.approx([5, 5, 47, 5], abs=1e-6)
    assert observed["still_restarting"] is True


@pytest.mark.parametrize(
    ("cause", "final", "restarted"),
    [("killed", "killed", False), ("restart-by-hand", "restarting", True), ("exit", "restarting", True)],
)
def test_decisions_are_predicted_from_the_cause(cause: str, final: str, restarted: bool) -> None:
    situation = {"policy": {"attempts": 1, "job": "service"}, "exit": None, "cause": cause}
    observed = predictor("nomad", "decision", "exit-decision")(situation)
    assert (observed["final"], observed["restarted"]) == (final, restarted)
    assert observed.get("delay_s") == {"exit": 15, "restart-by-hand": 0}.get(cause)
