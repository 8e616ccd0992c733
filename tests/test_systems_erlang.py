"""Erlang/OTP: restart types, intensity in whole seconds, strategies, shutdown, and supervisors of supervisors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import events as ev
from lifecycle_kit import like
from lifecycle_kit.atlas import load
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.fidelity import check, predictor
from lifecycle_kit.group import steps
from lifecycle_kit.instance import Unit
from lifecycle_kit.restart import Done, GiveUp, Memory, Restart
from lifecycle_kit.simulate import Script, simulate
from lifecycle_kit.simulate.together import Together
from lifecycle_kit.states import State
from lifecycle_kit.systems import OptionError, system
from lifecycle_kit.systems.erlang import ErlangPolicy, Intensity, child, reason_as_exit, supervisor
from lifecycle_kit.trace import starts
from lifecycle_kit.units import NS_PER_S, ns

TYPES = ("permanent", "transient", "temporary")


def begun(unit: Unit, *runs: float, until_s: float = 60) -> list[float]:
    """Return when the lives of a child began whose runs last so long; the last one repeats."""
    return starts(simulate(unit, [Script(run_s=run_s) for run_s in runs], until_s=until_s).transitions)


def test_the_defaults_are_otps_own() -> None:
    assert {option.name: option.default for option in system("erlang").options} == {
        "restart": "permanent", "shutdown": 5000, "intensity": 1, "period": 5,
    }  # fmt: skip
    assert like("erlang").policy == ErlangPolicy()


@pytest.mark.parametrize(
    ("restart", "reasons"),
    [
        ("permanent", "normal shutdown {shutdown,x} {kill} crash abnormal"),
        ("transient", "{kill} crash abnormal"),
        ("temporary", ""),
    ],
)
def test_the_type_says_which_ends_are_restarted(restart: str, reasons: str) -> None:
    policy = ErlangPolicy(restart=restart)
    for reason in ("normal", "shutdown", "{shutdown,x}", "{kill}", "crash", "abnormal"):
        how = reason_as_exit(reason)
        exit_ = Exit(code=how) if isinstance(how, int) else Exit(signal=how, cause=Cause.OUTSIDER)
        assert isinstance(policy.on_exit(Memory(), exit_, 0, 0.0)[1], Restart) is (reason in reasons.split())


def test_what_is_not_restarted_is_done_or_given_up() -> None:
    temporary = ErlangPolicy(restart="temporary")
    assert temporary.on_exit(Memory(), Exit(code=0), 0, 0.0)[1] == Done()
    assert temporary.on_exit(Memory(), Exit(code=1), 0, 0.0)[1] == GiveUp("temporary child")


def test_there_is_no_pause_and_one_restart_in_five_seconds_is_all_by_default() -> None:
    assert begun(like("erlang"), 0) == [0, 0]
    assert begun(like("erlang", intensity=3, period=5), 1) == [0, 1, 2, 3]


def test_seconds_are_counted_whole_and_both_ends_of_the_period_belong_to_it() -> None:
    assert begun(like("erlang"), 0, 5, 5) == [0, 0]
    assert begun(like("erlang"), 0, 6, 6, 6, until_s=20) == [0, 0, 6, 12, 18]
    assert begun(like("erlang"), 0.9, 5.3) == [0, 0.9, *[0.9 + 5.3 * n for n in range(1, 2)]]  # 0.9 and 6.2: 6 s apart
    assert begun(like("erlang"), 0.1, 5.3) == [0, 0.1]  # 0.1 and 5.4: 5 s apart


@given(st.integers(0, 5), st.integers(1, 9), st.lists(st.floats(0, 4), min_size=1, max_size=30))
def test_the_limit_is_exact_for_windows_of_whole_seconds(intensity: int, period: int, gaps: list[float]) -> None:
    limit, at, seen = Intensity(intensity=intensity, period=period), 0, []
    times: tuple[int, ...] = ()
    for gap in gaps:
        at += ns(gap)
        seen.append(at // NS_PER_S)
        times, within = limit.count(times, at)
        recent = [second for second in seen if seen[-1] - second <= period]
        assert within is (len(recent) <= intensity)
        assert len(times) == len(recent)


@given(st.integers(1, 5), st.floats(0.01, 3))
def test_more_intensity_never_means_fewer_lives(intensity: int, run_s: float) -> None:
    fewer, more = (len(begun(like("erlang", intensity=n), run_s, until_s=30)) for n in (intensity, intensity + 1))
    assert fewer <= more


# --- supervisors


def lived(events: Sequence[tuple[float, str, int]], lives: dict[str, Any] | None = None, **flags: Any) -> Together:
    """Return a supervisor of three children after the exits of some of them."""
    types = flags.pop("types", TYPES)
    specs = {name: child(kind, significant=kind != "permanent") for name, kind in zip("abc", types, strict=True)}
    tree = Together(supervisor(specs, **flags), lives)
    tree.start()
    for at_s, name, code in events:
        tree.agenda.run(ns(at_s))
        tree.members[name].end(tree.members[name].instance.number, ns(at_s), code)
        tree.agenda.run(ns(at_s))
    tree.agenda.run(ns(100))
    return tree


def up(tree: Together) -> str:
    """Return who is alive."""
    return "".join(name for name, member in tree.members.items() if member.alive)


def test_a_temporary_sibling_is_stopped_and_forgotten_a_transient_one_that_had_ended_is_back() -> None:
    tree = lived([(1, "b", 0)])
    assert up(tree) == "ac"
    tree = lived([(1, "b", 0), (20, "a", 1)], strategy="one_for_all")
    assert (up(tree), tree.group.over) == ("ab", None)


def test_the_intensity_is_that_of_all_children_together() -> None:
    permanent = ("permanent",) * 3
    assert up(lived([(1, "a", 1), (2, "b", 1)], intensity=2, types=permanent)) == "abc"
    tree = lived([(1, "a", 1), (2, "b", 1)], intensity=1, types=permanent)
    assert (up(tree), tree.group.over) == ("", "restart limit reached")


@pytest.mark.parametrize(
    ("rule", "over"), [("never", [False, False]), ("any_significant", [True]), ("all_significant", [False, True])]
)
def test_auto_shutdown(rule: str, over: list[bool]) -> None:
    ends = [(1, "b", 0), (2, "c", 0)]
    assert [lived(ends[: n + 1], auto_shutdown=rule).group.ended for n in range(len(over))] == over


def test_a_significant_child_that_is_restarted_does_not_count() -> None:
    assert not lived([(1, "b", 1)], auto_shutdown="any_significant").group.ended


def test_a_restart_that_cannot_succeed_uses_up_the_intensity() -> None:
    lives = {"a": [Script(), Script(fails_to_spawn="error")]}
    tree = lived([(1, "a", 1)], lives, intensity=4, types=("permanent",) * 3)
    tries = [event for _, event in tree.trace.events if isinstance(event, ev.SpawnFailed)]
    assert (len(tries), up(tree), tree.group.ended) == (4, "", True)


def test_shutdown_is_serial_in_reverse_each_within_its_own_time() -> None:
    specs = {"a": child(shutdown_ms=0), "b": child(shutdown_ms=2000), "c": child(shutdown_ms=None)}
    deaf = [Script(on_term="deaf")]
    tree = Together(supervisor(specs), {"a": deaf, "b": deaf, "c": [Script(stop_takes_s=9)]})
    tree.start()
    tree.agenda.run(0)
    tree.stop()
    tree.agenda.run(ns(60))
    ends = {move.instance: move.at for move in tree.trace.transitions if move.target is State.TERMINATED}
    assert ends == {"c": 9, "b": 11, "a": 11}


def test_simple_one_for_one_stops_all_at_once() -> None:
    tree = Together(
        supervisor({name: child() for name in "ab"}, strategy="simple_one_for_one"), {"a": [Script(stop_takes_s=3)]}
    )
    tree.start()
    tree.agenda.run(0)
    tree.stop()
    tree.agenda.run(ns(60))
    ends = {move.instance: move.at for move in tree.trace.transitions if move.target is State.TERMINATED}
    assert ends == {"a": 3, "b": 0}


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ({"strategy": "all"}, "strategy=all: allowed are one_for_one, one_for_all, rest_for_one, simple_one_for_one"),
        ({"auto_shutdown": "maybe"}, "auto_shutdown=maybe: allowed are never, any_significant, all_significant"),
    ],
)
def test_a_wrong_flag_is_named_with_what_is_allowed(flags: dict[str, str], named: str) -> None:
    with pytest.raises(OptionError) as error:
        supervisor({}, **flags)  # type: ignore[arg-type]
    assert named in str(error.value)


def test_wrong_options_are_named_with_what_is_allowed() -> None:
    with pytest.raises(OptionError, match="shutdown=never: give milliseconds, brutal_kill or infinity"):
        like("erlang", shutdown="never")
    with pytest.raises(OptionError, match="a permanent child is always restarted"):
        child(significant=True)
    brutal, patient = like("erlang", shutdown="brutal_kill"), like("erlang", shutdown="infinity")
    assert [phase.signal for phase in brutal.stop.phases] == ["SIGKILL"]
    assert patient.stop.phases[0].limit_s is None


# --- the atlas


@pytest.mark.parametrize("case", load(system="erlang", level="rule"), ids=lambda case: case.id)
def test_the_atlas_agrees(case: Any) -> None:
    verdict = check(case)
    assert verdict.verdict == "agrees", verdict.reason


def test_the_predictions_come_from_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_restart_with", lambda group, *_: (group, ()))
    verdicts = [check(case).verdict for case in load(system="erlang", family=["strategy", "strategy-mixed"])]
    assert verdicts.count("differs") > len(verdicts) / 2


def nested(outer: int, inner: int, every_s: float) -> dict[str, Any]:
    """Return what is predicted of a leaf that crashes again and again below two supervisors."""
    leaf = {"intensity": inner, "period": 5, "strategy": "one_for_one", "children": [{"id": "leaf"}]}
    situation = {
        "policy": {"strategy": "one_for_one", "intensity": outer, "period": 5},
        "children": [{"id": "elder"}, {"id": "inner", "supervisor": leaf}, {"id": "younger"}],
        "events": [{"t": 0, "do": "crash-loop", "child": "leaf", "every_s": every_s}],
    }
    return predictor("erlang", "group", "escalation")(situation)


@given(st.integers(0, 3), st.integers(0, 3), st.sampled_from([0.0, 0.05, 0.1]))
def test_an_inner_supervisor_that_gives_up_is_one_crash_to_the_outer_one(
    outer: int, inner: int, every_s: float
) -> None:
    observed = nested(outer, inner, every_s)
    assert observed["leaf_crashes"] == observed["leaf_starts"] == (outer + 1) * (inner + 1)
    assert observed["supervisor_exits"] is True
    assert observed["terminated_in_order"] == ["younger", "elder"]


def test_a_slow_crash_loop_never_escalates() -> None:
    observed = nested(1, 1, 3.0)
    assert (observed["supervisor_exits"], observed["steps"][0]["alive_after"]) == (False, ["elder", "inner", "younger"])


def test_a_failing_start_in_a_group_restart_is_tried_again_with_the_whole_group() -> None:
    situation = {
        "policy": {"strategy": "one_for_all", "intensity": 2, "period": 5},
        "children": [{"id": "a"}, {"id": "b", "start": "works-once"}, {"id": "c"}],
        "events": [{"t": 0, "do": "child-exits", "child": "b", "exit": "crash"}],
    }
    step = predictor("erlang", "group", "start-failure")(situation)["steps"][0]
    assert step["started_in_order"] == ["a", "a"]
    assert step["terminated_in_order"] == ["c", "a", "a", "a"]
    assert (step["failed_start_tries"], step["supervisor_exits"]) == (2, True)
