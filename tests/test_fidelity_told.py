"""What is told to a service beside its supervisor; circus, honcho; and that predictions hang on the shared `step`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import events as ev
from lifecycle_kit import like
from lifecycle_kit.atlas import Case, load
from lifecycle_kit.exits import Exit
from lifecycle_kit.fidelity import check, predictor
from lifecycle_kit.fidelity.told import CLOCK_S, Told, done_s, seen, told
from lifecycle_kit.instance import Instance
from lifecycle_kit.machine import step
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.systems import OptionError
from lifecycle_kit.systems.circus import OPTIONS, CircusPolicy
from lifecycle_kit.systems.honcho import exit_code, takes_along
from lifecycle_kit.trace import starts
from lifecycle_kit.units import ns

OURS = ["runit", "s6", "circus", "honcho", "gunicorn", "uvicorn", "nginx", "haproxy"]


def word(instance: Instance) -> str:
    """Return the kit's own name of the state."""
    return instance.state.value


# --- told


def test_a_signal_that_is_passed_on_is_no_stop() -> None:
    service = told(like("runit"), {}, word, lambda service: service.pass_on("SIGTERM"), {})
    assert seen(service) == {
        "signals": [[0, "SIGTERM"]], "exit": "SIGTERM", "exit_s": 0, "restarted": True, "restart_s": 0,
    }  # fmt: skip
    assert (done_s(service, again=True), done_s(service, again=False)) == (0, None)


def test_what_ignores_the_signal_goes_on() -> None:
    deaf = {"on_stop_signal": {"reaction": "ignores"}}
    service = told(like("runit"), deaf, word, lambda service: service.ask("stop"), {})
    assert seen(service) == {"signals": [[0, "SIGTERM"]], "exit": None, "restarted": False}
    assert done_s(service, again=False) is None


def test_a_note_is_written_down_once() -> None:
    service = Told(like("runit"), [Script()], word)
    service.note("paused")
    service.note("paused")
    assert service.states == [[0, "paused"]]
    assert CLOCK_S > 1, "a service is told something long after its start"


# --- circus


def looked_at(options: dict[str, Any], until_s: float = 30, **script: Any) -> list[float]:
    """Return when the lives of a watcher's process begin."""
    return starts(simulate(like("circus", options), Script(**script), until_s=until_s).transitions)


def test_circus_defaults() -> None:
    assert {option.name: option.default for option in OPTIONS} == {
        "check_delay": 5, "first_look": None, "respawn": True, "max_retry": 5, "stop_signal": "SIGTERM",
        "graceful_timeout": 10,
    }  # fmt: skip


def test_circus_repairs_what_it_finds_when_it_looks() -> None:
    assert looked_at({}, run_s=2) == [0, 5, 10, 15, 20, 25, 30]
    assert looked_at({"first_look": 1, "check_delay": 4}, until_s=10, run_s=2) == [0, 5, 9]
    assert looked_at({}, run_s=5) == [0, 5, 10, 15, 20, 25, 30]


@given(st.floats(0.1, 20), st.floats(0, 20), st.floats(0, 100))
def test_circus_never_waits_longer_than_one_look(delay_s: float, first_s: float, end_s: float) -> None:
    policy = CircusPolicy(check_delay_s=delay_s, first_look_s=first_s)
    look = policy.next_look_ns(ns(end_s))
    assert look >= ns(end_s)
    assert (look - ns(first_s)) % ns(delay_s) == 0
    assert look < ns(end_s) + ns(delay_s) or look == ns(first_s)


def test_circus_without_respawn_leaves_it() -> None:
    assert looked_at({"respawn": False}, run_s=2) == [0]


@pytest.mark.parametrize(("tries", "made"), [(1, 1), (3, 3), (5, 5)])
def test_circus_tries_a_command_that_does_not_exist_max_retry_times(tries: int, made: int) -> None:
    assert looked_at({"max_retry": tries}, fails_to_spawn="not found") == [0] * made
    assert predictor("circus", "decision", "start-failure")({"policy": {"max_retry": tries}}) == {
        "restarted": False, "final": "stopped",
    }  # fmt: skip


def test_circus_may_try_for_ever() -> None:
    assert predictor("circus", "decision", "start-failure")({"policy": {"max_retry": -1}})["restarted"]
    for wrong in (0, -2, "often"):
        with pytest.raises(OptionError, match=f"circus max_retry={wrong}: give a whole number of tries"):
            like("circus", max_retry=wrong)
    with pytest.raises(OptionError, match="check_delay=0"):
        like("circus", check_delay=0)


def test_circus_kills_after_graceful_timeout() -> None:
    deaf = {"policy": {"graceful_timeout_s": 4}, "on_stop_signal": {"reaction": "ignores"}}
    stopped = predictor("circus", "stop", "graceful-timeout")(deaf)
    assert (stopped["signals"], stopped["exit"], stopped["final"]) == (
        [[0, "SIGTERM"], [4, "SIGKILL"]],
        "SIGKILL",
        "stopped",
    )


# --- honcho


def child(name: str, reaction: str = "default-action", **ends: Any) -> dict[str, Any]:
    """Return one line of a Procfile."""
    return {"id": name, "on_stop_signal": {"reaction": reaction}, **({"exits": ends} if ends else {})}


def left(*children: dict[str, Any]) -> dict[str, Any]:
    """Return how these processes leave together."""
    return predictor("honcho", "group", "one-exits-all-stop")({"policy": {}, "children": list(children)})


def test_honcho_the_first_to_end_takes_all_others_along() -> None:
    seen_ = left(child("web"), child("job", after_start_s=3, code=4), child("slow", after_start_s=9, code=0))
    assert seen_["signals"] == [[0, "SIGTERM", "web"], [0, "SIGTERM", "slow"]]
    assert seen_["child_exits"] == {
        "web": {"t": 0, "rc": -15}, "job": {"t": 0, "rc": 4}, "slow": {"t": 0, "rc": -15},
    }  # fmt: skip
    assert (seen_["exit"], seen_["exit_s"], seen_["restarted"]) == (4, 0, False)


def test_honcho_kills_after_five_seconds() -> None:
    seen_ = left(child("deaf", "ignores"), child("job", after_start_s=1, code=0))
    assert seen_["signals"] == [[0, "SIGTERM", "deaf"], [5, "SIGKILL", "deaf"]]
    assert (seen_["child_exits"]["deaf"], seen_["exit"], seen_["exit_s"]) == ({"t": 5, "rc": -9}, 0, 5)


def test_honcho_stops_only_those_that_live() -> None:
    assert takes_along("a", {"a": False, "b": True, "c": False, "d": True}) == ["b", "d"]
    assert exit_code(Exit(code=0)) == 0


# --- all of them


@pytest.mark.parametrize("case", load(system=["circus", "honcho"], level="rule"), ids=lambda case: case.id)
def test_what_circus_and_honcho_did_is_what_is_predicted(case: Case) -> None:
    assert check(case).verdict == "agrees", check(case).reason


def _deaf_to_ends(instance: Instance, event: ev.Event) -> tuple[Instance, tuple[ev.Command, ...]]:
    if isinstance(event, ev.Exited | ev.TimerFired):
        return instance, ()
    return step(instance, event)


@pytest.mark.parametrize("system", [name for name in OURS if name != "haproxy"])
def test_a_broken_step_breaks_the_predictions(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lifecycle_kit.simulate.one.step", _deaf_to_ends)
    cases = load(system=system, level="rule", kind=["restart", "stop", "group"])
    assert sum(check(case).verdict != "agrees" for case in cases) > len(cases) / 2
