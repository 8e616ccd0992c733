"""Kubernetes' annexes: back-off entries, the prober pass by pass, phases, endpoints, Deployments."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.probes import Outcome, ProbeSettings
from lifecycle_kit.systems.deployment import (
    available,
    complete,
    fenceposts,
    max_unavailable,
    may_clean_up,
    new_target,
    reconciled,
    timed_out,
)
from lifecycle_kit.systems.kubernetes_backoff import ClientBackoff, Entry
from lifecycle_kit.systems.kubernetes_pod import (
    Container,
    container_ready,
    endpoint_conditions,
    phase,
    should_start,
    stops_after,
)
from lifecycle_kit.systems.kubernetes_prober import Pass, Sight, Worker, after_kubelet_restart, one_pass
from lifecycle_kit.systems.options import OptionError
from lifecycle_kit.units import ns

# --- back-off entries


def test_entries_double_up_to_the_maximum() -> None:
    backoff, entry, seen = ClientBackoff(initial_s=1, max_s=5), None, []
    for at_s in range(5):
        entry = backoff.next(entry, ns(at_s))
        seen.append(entry.backoff_ns / 1e9)
    assert seen == [1, 2, 4, 5, 5]


@pytest.mark.parametrize(("age_s", "next_s"), [(10, 5), (10.001, 1)])
def test_an_entry_expires_strictly_after_twice_the_maximum(age_s: float, next_s: float) -> None:
    backoff = ClientBackoff(initial_s=1, max_s=5)
    assert backoff.next(Entry(ns(5), 0), ns(age_s)).backoff_ns == ns(next_s)
    assert backoff.expired(Entry(ns(5), 0), ns(age_s)) is (next_s == 1)


def test_nothing_is_held_back_without_an_entry_or_by_an_expired_one() -> None:
    backoff = ClientBackoff(initial_s=1, max_s=5)
    assert backoff.held_until(None, ns(3)) == ns(3)
    assert backoff.held_until(Entry(ns(5), 0), ns(3)) == ns(8)
    assert backoff.held_until(Entry(ns(5), 0), ns(11)) == ns(11)


def test_a_collector_ends_a_wait_when_it_drops_the_entry() -> None:
    backoff = ClientBackoff(collect_every_s=2)
    entry = Entry(ns(300), 0)
    assert backoff.dropped_ns(entry) == ns(602)
    assert backoff.held_until(entry, ns(400)) == ns(602)
    assert backoff.held_until(entry, ns(200)) == ns(500)
    assert backoff.next(entry, ns(602)).backoff_ns == ns(10)
    assert ClientBackoff().dropped_ns(entry) is None


@given(st.floats(0.01, 20), st.floats(0, 600), st.floats(0, 1), st.lists(st.floats(0, 0.999), min_size=2, max_size=30))
def test_back_offs_grow_and_never_pass_the_maximum(
    initial_s: float, more_s: float, jitter: float, draws: list[float]
) -> None:
    backoff, entry, seen = ClientBackoff(initial_s=initial_s, max_s=initial_s + more_s, jitter=jitter), None, []
    for u in draws:
        entry = backoff.next(entry, 0, u)
        seen.append(entry.backoff_ns)
    assert all(later >= earlier for earlier, later in pairwise(seen))
    assert max(seen) <= ns(initial_s + more_s)
    assert seen[1] >= min(2 * seen[0], ns(initial_s + more_s))


# --- the prober

LIVENESS = ProbeSettings(kind="liveness", failure_threshold=2)
READINESS = ProbeSettings(kind="readiness", failure_threshold=2)
STARTUP = ProbeSettings(kind="startup", failure_threshold=2)
GOOD, BAD, ERROR = Outcome.SUCCESS, Outcome.FAILURE, Outcome.ERROR


def passes(settings: ProbeSettings, *steps: tuple[Sight, Outcome]) -> tuple[Worker, list[Pass]]:
    """Return the worker after these passes, and what each did."""
    worker, done = Worker.of(settings), []
    for sight, outcome in steps:
        worker, one = one_pass(worker, sight, outcome)
        done.append(one)
    return worker, done


@pytest.mark.parametrize(
    ("settings", "first"), [(LIVENESS, "Success"), (READINESS, "Failure"), (STARTUP, "UNKNOWN")]
)  # fmt: skip
def test_a_new_container_gets_its_initial_verdict(settings: ProbeSettings, first: str) -> None:
    early = Sight(started=settings.kind == "startup", age_ns=0)
    worker, (one,) = passes(replace(settings, initial_delay_s=5), (early, BAD))
    assert (worker.verdict, one) == (first, Pass(goes_on=True, updates=(first,)))


def test_a_probe_that_errs_is_tried_three_times_and_counts_for_nothing() -> None:
    worker, done = passes(READINESS, *[(Sight(), outcome) for outcome in (GOOD, BAD, ERROR, BAD)])
    assert [one.attempts for one in done] == [1, 1, 3, 1]
    assert worker.verdict == "Failure"


@pytest.mark.parametrize(("age_s", "probed"), [(4.999, False), (5, True)])
def test_the_initial_delay_counts_in_whole_seconds(age_s: float, probed: bool) -> None:
    _, (one,) = passes(replace(LIVENESS, initial_delay_s=5), (Sight(age_ns=ns(age_s)), GOOD))
    assert bool(one.attempts) is probed


@pytest.mark.parametrize(("settings", "started"), [(LIVENESS, False), (READINESS, False), (STARTUP, True)])
def test_only_the_startup_probe_looks_before_the_start_is_over_and_only_then(
    settings: ProbeSettings, started: bool
) -> None:
    for sight, probed in ((Sight(started=started), 0), (Sight(started=not started), 1)):
        assert passes(settings, (sight, GOOD))[1][0].attempts == probed


def test_two_failures_a_new_container_and_one_failure_reach_a_threshold_of_three() -> None:
    three = replace(LIVENESS, failure_threshold=3)
    worker, done = passes(three, (Sight(), BAD), (Sight(), BAD), (Sight(number=2), BAD), (Sight(number=2), BAD))
    assert [one.updates for one in done] == [("Success",), (), ("Success", "Failure"), ()]
    assert worker.on_hold


@pytest.mark.parametrize(
    ("policy", "code", "goes_on"),
    [("Always", 0, True), ("OnFailure", 0, False), ("OnFailure", 1, True), ("Never", 1, False)],
)  # fmt: skip
def test_a_worker_outlives_its_container_if_that_is_restarted(policy: str, code: int, goes_on: bool) -> None:
    ended = Sight(container=Container(state="terminated", exit=code), pod_policy=policy)
    _, (one,) = passes(READINESS, (ended, GOOD))
    assert (one.goes_on, one.updates) == (goes_on, ("Failure",))


def test_a_deletion_ends_liveness_with_a_success_and_readiness_not_at_all() -> None:
    deleting = Sight(deleting=True)
    assert [one.goes_on for one in passes(LIVENESS, (deleting, BAD))[1]] == [False]
    worker, done = passes(READINESS, (Sight(), GOOD), (deleting, BAD), (deleting, BAD))
    assert ([one.goes_on for one in done], worker.verdict) == ([True] * 3, "Failure")


@pytest.mark.parametrize(
    ("sight", "goes_on"),
    [(Sight(known=False), True), (Sight(phase="Failed"), False), (Sight(phase="Succeeded"), False),
     (Sight(container=Container()), True)],
)  # fmt: skip
def test_without_anything_to_look_at_nothing_is_written(sight: Sight, goes_on: bool) -> None:
    worker, (one,) = passes(LIVENESS, (sight, BAD))
    assert (worker.verdict, one) == ("", Pass(goes_on=goes_on))


def test_a_new_kubelet_writes_nothing_about_a_container_that_it_finds_running() -> None:
    assert after_kubelet_restart(READINESS, started=True, gate=False) is None
    assert after_kubelet_restart(STARTUP, started=True, gate=False) == "Success"
    assert after_kubelet_restart(READINESS, started=True, gate=True) == "Failure"
    assert after_kubelet_restart(LIVENESS, started=False, gate=False) == "Success"


# --- words

UP = Container(state="running")
CRASHED = Container(state="waiting", last_exit=1)
NEW = Container(state="waiting")


def over(code: int, **more: str) -> Container:
    """Return a container that has ended."""
    return Container(state="terminated", exit=code, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("policy", "containers", "expected"),
    [
        ("Always", [CRASHED], "Running"),
        ("Always", [UP, NEW], "Pending"),
        ("Always", [UP, Container()], "Pending"),
        ("Always", [over(0)], "Running"),
        ("OnFailure", [over(0), over(0)], "Succeeded"),
        ("OnFailure", [over(0), over(1)], "Running"),
        ("OnFailure", [over(0), UP], "Running"),
        ("Never", [over(0), over(1)], "Failed"),
        ("Never", [over(0), CRASHED], "Failed"),
        ("Always", [over(1, policy="Never")], "Failed"),
        ("Never", [over(1, policy="OnFailure")], "Running"),
        ("Always", [], "Pending"),
    ],
)
def test_the_phase_of_a_pod(policy: str, containers: list[Container], expected: str) -> None:
    assert phase(policy, containers) == expected


def test_a_pod_that_starts_nothing_any_more_has_succeeded_or_failed() -> None:
    assert phase("Always", [over(0)], terminal=True) == "Succeeded"
    assert phase("Always", [over(1)], terminal=True) == "Failed"


@pytest.mark.parametrize(
    ("policy", "init", "expected"),
    [
        ("Always", UP, "Pending"),
        ("Always", over(0), "Running"),
        ("Never", over(1), "Failed"),
        ("Never", CRASHED, "Failed"),
        ("OnFailure", NEW, "Pending"),
    ],
)
def test_an_init_container_comes_first(policy: str, init: Container, expected: str) -> None:
    assert phase(policy, [UP], init=init) == expected


def test_a_rule_of_its_own_restarts_a_container_that_is_never_restarted() -> None:
    picky = replace(over(3), rules=frozenset({3}))
    assert picky.will_restart("Never")
    assert not replace(picky, exit=4).will_restart("Never")


def test_nothing_is_started_in_a_pod_that_is_being_deleted() -> None:
    for state in ("exited", "no-history", "unknown", "running"):
        assert not should_start("Always", state, 1, deleted=True)
    assert should_start("Never", "unknown")
    assert not should_start("OnFailure", "exited", 0)


@given(st.booleans(), st.booleans(), st.booleans())
def test_what_is_ready_for_work_serves_unless_everything_is_published(ready: bool, gone: bool, all_: bool) -> None:
    conditions = endpoint_conditions(pod_ready=ready, deleting=gone, publish_not_ready=all_)
    assert conditions == {"ready": all_ or (ready and not gone), "serving": ready, "terminating": gone}
    assert container_ready(running=ready, started=gone, readiness_probe=all_, last_good=True) == (ready and gone)


def test_sidecars_stop_in_reverse_after_all_others() -> None:
    assert stops_after(["a", "b"], ["s1", "s2"]) == {
        "a": frozenset(), "b": frozenset(), "s1": {"a", "b", "s2"}, "s2": {"a", "b"},
    }  # fmt: skip


# --- Deployments

SHARES = st.one_of(st.integers(0, 30), st.integers(0, 200).map("{}%".format), st.none())


@given(st.integers(0, 200), SHARES, SHARES)
def test_a_rollout_can_always_move(replicas: int, surge: int | str | None, missing: int | str | None) -> None:
    up, down = fenceposts(replicas, surge, missing)
    assert (up, down) >= (0, 0)
    assert up + down > 0
    assert 0 <= max_unavailable(replicas, surge, missing) <= replicas


@given(st.integers(0, 50), st.integers(0, 10), st.integers(0, 60), st.integers(0, 60))
def test_the_new_set_never_grows_beyond_what_is_wanted_or_allowed(
    replicas: int, surge: int, old: int, new: int
) -> None:
    target = new_target(replicas, surge, total=old + new, new=new)
    assert target <= max(new, replicas)
    assert target == new or old + target <= replicas + surge
    assert reconciled(replicas, surge, total=old + new, new=new) <= max(replicas, new)


def test_the_smaller_rules_of_a_rollout() -> None:
    assert new_target(5, 1, total=9, new=0, strategy="Recreate") == 5
    assert reconciled(3, 1, total=9, new=7) == 3
    assert max_unavailable(5, 1, 1, strategy="Recreate") == 0
    assert [may_clean_up(10, 8, most) for most in (1, 3)] == [1, 2]
    assert complete(2, updated=2, current=2, available=2)
    assert not complete(2, updated=2, current=3, available=2)
    assert [timed_out(10, since) for since in (10, 10.1)] == [False, True]
    assert not timed_out(None, 1e9)
    assert not timed_out(2_147_483_647, 1e12)


@pytest.mark.parametrize(("minor", "enough"), [(35, False), (36, True)])
def test_being_ready_for_exactly_long_enough_counts_since_1_36(minor: int, enough: bool) -> None:
    assert available(True, 5, 5, minor) is enough
    assert available(True, 0, 0, minor)
    assert not available(False, 99, 5, minor)


@pytest.mark.parametrize("junk", ["urg", "5", "-1%", "1.5%", -1, True, "%"])
def test_what_is_neither_a_number_nor_a_per_cent_is_refused(junk: int | str) -> None:
    with pytest.raises(OptionError, match="give a whole number or a per cent such as 25%"):
        fenceposts(4, junk, 1)
