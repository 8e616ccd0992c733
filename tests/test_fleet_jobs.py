"""Jobs of a queue: who gets which, what comes of the jobs of workers that die, and jobs that are done twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit import Backoff, PlainPolicy, Unit, like
from lifecycle_kit.events import Working
from lifecycle_kit.health import parse_health
from lifecycle_kit.simulate import Fault, Fleet, Load, Node, Queue, Script, Wear, World, WorldResult, run_world
from lifecycle_kit.simulate.fleet.result import JOB_ENDS
from lifecycle_kit.trace import broken_rules, starts
from lifecycle_kit.units import seconds

PLAIN = replace(like("systemd"), reports_work=True)  # ready at once, not restarted
RESTARTED = Unit(policy=PlainPolicy(when="always", backoff=Backoff(first_s=1, factor=1.0001)), reports_work=True)


def fleet(workers: int = 1, *lives: Script, unit: Unit = PLAIN, **more: Any) -> Fleet:
    """Return workers of the queue."""
    return Fleet(
        **{"unit": unit, "lives": lives or (Script(),), "replicas": workers, "works_on": "jobs", "load": None, **more}
    )


def run(
    at: tuple[float, ...], takes_s: float, workers: Fleet, *faults: Fault, until_s: float = 60, nodes: Any = (),
    **queue: Any,
) -> WorldResult:  # fmt: skip
    """Return what comes of jobs that arrive at these instants."""
    plan = Queue(load=Load(recorded=at, takes_s=takes_s), **queue)
    return run_world(World(fleets={"w": workers}, queues={"jobs": plan}, faults=faults, nodes=nodes), until_s)


def ended(result: WorldResult) -> list[tuple[float, str]]:
    """Return when and how each job ended."""
    jobs = result.jobs["jobs"]
    return [
        (seconds(at), JOB_ENDS[end]) for at, end in zip(jobs.ended_ns.tolist(), jobs.end.tolist(), strict=True)
    ]  # fmt: skip


def deliveries(result: WorldResult) -> list[int]:
    """Return how often each job was given out."""
    return [int(count) for count in result.jobs["jobs"].deliveries]


def completions(result: WorldResult) -> list[int]:
    """Return how often each job was done."""
    return [int(count) for count in result.jobs["jobs"].completions]


def took(result: WorldResult) -> list[tuple[float, str]]:
    """Return which worker said that it works, and when."""
    return [(seconds(event.at), name) for name, event in result.trace.events if isinstance(event, Working)]


def moves(result: WorldResult, name: str = "w-0") -> list[tuple[float, str]]:
    """Return when an instance entered which state."""
    return [(move.at, move.target.value) for move in result.trace.transitions if move.instance == name]


# --- order


def test_a_worker_does_one_job_after_the_other() -> None:
    result = run((1, 1, 1.5), 1, fleet())
    assert ended(result) == [(2, "done"), (3, "done"), (4, "done")]
    assert deliveries(result) == completions(result) == [1, 1, 1]


def test_two_workers_do_two_at_a_time() -> None:
    assert ended(run((1, 1, 1.5), 1, fleet(2))) == [(2, "done"), (2, "done"), (3, "done")]


def test_the_worker_that_has_been_free_for_longest_is_next_and_of_equals_the_first() -> None:
    assert took(run((1, 2, 3, 3), 0.5, fleet(2))) == [(1, "w-0"), (2, "w-1"), (3, "w-0"), (3, "w-1")]


def test_a_job_that_comes_back_stands_where_it_stood() -> None:
    # the second worker takes job 1, dies at 3 s, and the first one is free at 6 s: it takes job 1 before job 2
    result = run((1, 1, 2), 5, fleet(2), Fault(at_s=3, on="w-1", what="crash"))
    assert ended(result) == [(6, "done"), (11, "done"), (16, "done")]


def test_workers_of_two_fleets_share_a_queue() -> None:
    queue = Queue(load=Load(recorded=(1, 1), takes_s=1))
    result = run_world(World(fleets={"w": fleet(), "v": fleet()}, queues={"jobs": queue}), 10)
    assert ended(result) == [(2, "done"), (2, "done")]


def test_without_workers_all_jobs_wait() -> None:
    result = run((1, 2), 1, fleet(works_on=None))
    assert ended(result) == [(0, "waiting"), (0, "waiting")]
    assert deliveries(result) == [0, 0]


def test_service_times_and_arrivals_come_from_the_load() -> None:
    queue = Queue(load=Load(per_s=2, takes_s=0.1, varies=True, until_s=50))
    jobs = run_world(World(fleets={"w": fleet(3)}, queues={"jobs": queue}), 60, seed=3).jobs["jobs"]
    assert len(jobs) == pytest.approx(100, abs=30)
    assert len(set((jobs.ended_ns - jobs.at_ns).tolist())) > 30
    assert set(jobs.end.tolist()) == {JOB_ENDS.index("done")}


# --- who may work


def test_a_worker_that_reports_work_is_running_while_it_works_and_ready_in_between() -> None:
    assert moves(run((1, 1, 5), 0.5, fleet())) == [
        (0, "starting"), (0, "ready"), (1, "running"), (2, "ready"), (5, "running"), (5.5, "ready")
    ]  # fmt: skip


def test_one_that_does_not_is_taken_to_work_all_the_time() -> None:
    result = run((1, 5), 0.5, fleet(unit=like("systemd")))
    assert moves(result)[-1] == (0, "running")
    assert ended(result) == [(1.5, "done"), (5.5, "done")]


def test_one_that_is_not_ready_gets_no_job() -> None:
    unit = like("kubernetes", {"readinessProbe.periodSeconds": 1})
    late = Script(health={"readiness": parse_health("4:fail,1:ok")})
    assert ended(run((1,), 1, fleet(1, late, unit=unit))) == [(5, "done")]


def test_one_that_cannot_work_yet_gets_no_job() -> None:
    assert ended(run((1,), 1, fleet(1, Script(serves_from_s=7)))) == [(8, "done")]
    assert ended(run((1,), 1, fleet(1, Script(serves_from_s=None)))) == [(0, "waiting")]


def test_one_that_is_blocked_gets_no_job_until_it_is_free_again() -> None:
    script = Script(says=((0.5, "blocked:database"), (4, "unblocked")))
    assert ended(run((1,), 1, fleet(1, script))) == [(5, "done")]


def test_one_that_hangs_gets_no_job_and_finishes_none() -> None:
    result = run((1, 20), 5, fleet(2), Fault(at_s=2, on="w-0", what="hang"))
    assert ended(result) == [(0, "waiting"), (25, "done")]
    assert took(result) == [(1, "w-0"), (20, "w-1")]
    assert deliveries(run((5,), 1, fleet(1, Script(hangs_after_s=5)))) == [0]


def test_the_job_of_one_that_hangs_comes_back_when_it_is_killed() -> None:
    hang, kill = Fault(at_s=2, on="w-0", what="hang"), Fault(at_s=30, on="w-0", what="kill")
    assert ended(run((1,), 5, fleet(2), hang, kill)) == [(35, "done")]


# --- ends of workers


def test_a_worker_that_drains_does_its_job_first_and_takes_no_other() -> None:
    result = run((1, 1), 5, fleet(1, Script(on_term="drain")), Fault(at_s=2, on="w-0", what="stop"))
    assert moves(result)[-2:] == [(2, "draining"), (6, "terminated")]
    assert ended(result) == [(6, "done"), (0, "waiting")]


def test_an_idle_worker_that_drains_ends_at_once() -> None:
    result = run((1,), 1, fleet(1, Script(on_term="drain")), Fault(at_s=5, on="w-0", what="stop"))
    assert moves(result)[-2:] == [(5, "draining"), (5, "terminated")]


def test_the_job_of_an_earlier_life_holds_up_no_drain() -> None:
    faults = Fault(at_s=3, on="w-0", what="crash"), Fault(at_s=20, on="w-0", what="stop")
    result = run((1,), 5, fleet(1, Script(on_term="drain"), unit=RESTARTED), *faults)
    assert moves(result)[-2:] == [(20, "draining"), (20, "terminated")]


def test_a_drain_that_is_cut_gives_the_job_to_another() -> None:
    unit = replace(like("kubernetes", {"terminationGracePeriodSeconds": 3}), reports_work=True)
    result = run((1,), 10, fleet(2, Script(on_term="drain"), unit=unit), Fault(at_s=2, on="w-0", what="stop"))
    assert moves(result)[-1] == (5, "terminated")
    assert took(result) == [(1, "w-0"), (5, "w-1")]
    assert ended(result) == [(15, "done")]


@pytest.mark.parametrize("lease_s", [None, 40])
def test_a_worker_that_obeys_a_stop_gives_its_job_back_before_it_has_ended(lease_s: float | None) -> None:
    script = Script(stop_takes_s=4)
    result = run((1,), 5, fleet(2, script), Fault(at_s=2, on="w-0", what="stop"), lease_s=lease_s)
    assert took(result) == [(1, "w-0"), (2, "w-1")]
    assert moves(result)[-1] == (6, "terminated")
    assert ended(result) == [(7, "done")]
    assert (deliveries(result), completions(result)) == ([2], [1])


def test_a_deaf_worker_goes_on_with_its_job_and_takes_no_other() -> None:
    result = run((1, 1), 5, fleet(1, Script(on_term="deaf")), Fault(at_s=2, on="w-0", what="stop"))
    assert ended(result) == [(6, "done"), (0, "waiting")]


def test_the_job_of_a_worker_that_dies_goes_to_another_at_once() -> None:
    result = run((1,), 5, fleet(2), Fault(at_s=3, on="w-0", what="crash"))
    assert took(result) == [(1, "w-0"), (3, "w-1")]
    assert ended(result) == [(8, "done")]


def test_with_a_lease_nobody_looks_whether_the_worker_is_alive() -> None:
    result = run((1,), 5, fleet(2), Fault(at_s=3, on="w-0", what="crash"), lease_s=20)
    assert took(result) == [(1, "w-0"), (21, "w-1")]
    assert ended(result) == [(26, "done")]


def test_a_worker_that_is_back_at_once_begins_the_job_anew() -> None:
    always = replace(like("kubernetes"), reports_work=True)
    result = run((1,), 5, fleet(1, unit=always), Fault(at_s=3, on="w-0", what="crash"))
    assert starts(result.trace.transitions) == [0, 3]
    assert took(result) == [(1, "w-0"), (3, "w-0")]
    assert ended(result) == [(8, "done")]


def test_the_job_of_a_lost_worker_comes_back_when_the_loss_is_noticed() -> None:
    nodes = [Node(name="a", lost_at_s=2, notice_s=10), Node(name="b")]
    result = run((1,), 5, fleet(2, memory_mb=100), nodes=nodes)
    assert took(result) == [(1, "w-0"), (12, "w-1")]
    assert ended(result) == [(17, "done")]


# --- leases


def test_a_lease_that_is_too_short_makes_two_owners() -> None:
    result = run((1,), 5, fleet(2), lease_s=3)
    assert took(result) == [(1, "w-0"), (4, "w-1")]
    assert ended(result) == [(6, "done")]
    assert (deliveries(result), completions(result)) == ([2], [2])
    assert moves(result, "w-1")[-1] == (9, "ready")  # it never learns that its work was in vain


def test_a_slow_stop_that_outlasts_the_lease_makes_two_owners() -> None:
    stop = Fault(at_s=2, on="w-0", what="stop")
    drains = fleet(2, Script(on_term="drain"))
    assert completions(run((1,), 10, drains, stop, lease_s=5)) == [2]
    assert completions(run((1,), 10, drains, stop, lease_s=30)) == [1]
    assert completions(run((1,), 10, drains, stop)) == [1]


def test_a_job_that_came_back_and_was_done_meanwhile_is_not_given_out_again() -> None:
    result = run((1, 2), 5, fleet(1), lease_s=3)
    assert ended(result) == [(6, "done"), (11, "done")]
    assert (deliveries(result), completions(result)) == ([1, 1], [1, 1])


def test_a_job_that_is_done_when_its_lease_ends_is_done_in_time() -> None:
    assert deliveries(run((1,), 3, fleet(2), lease_s=3)) == [1]


# --- poison and dead letters


def test_a_poison_job_kills_every_worker_that_takes_it() -> None:
    result = run((1, 2, 3), 0.5, fleet(3), poison_every=2)
    assert [moves(result, f"w-{number}")[-1] for number in (1, 2, 0)] == [
        (2.5, "failed"),
        (3, "failed"),
        (3.5, "failed"),
    ]
    assert deliveries(result) == [1, 3, 0]
    assert ended(result) == [(1.5, "done"), (0, "waiting"), (0, "waiting")]


def test_it_holds_up_a_single_worker_for_ever() -> None:
    result = run((1, 2, 3), 0.5, fleet(1, unit=RESTARTED), poison_every=2)
    # every life of half a second ends on it, and it stands before the job that came later
    assert [at for at, _ in ended(result)] == [1.5, 0, 0]
    assert deliveries(result)[1] == len(starts(result.trace.transitions))


def test_after_so_many_attempts_it_goes_to_the_dead_letters() -> None:
    result = run((1, 2, 3), 0.5, fleet(1, unit=RESTARTED), poison_every=2, attempts=3)
    # taken at 2, 3.5 and 5 s, it kills half a second later each time; the worker is back at 6.5 s
    assert ended(result) == [
        (1.5, "done"), (pytest.approx(5.5, abs=0.01), "dead-lettered"), (pytest.approx(7, abs=0.01), "done")
    ]  # fmt: skip
    assert deliveries(result) == [1, 3, 1]
    assert completions(result) == [1, 0, 1]


def test_a_job_that_was_put_aside_stays_there_though_it_is_done_later() -> None:
    result = run((1,), 5, fleet(1), lease_s=3, attempts=1)
    assert ended(result) == [(4, "dead-lettered")]
    assert completions(result) == [1]


def test_a_job_that_was_done_is_not_put_aside_when_a_later_lease_ends() -> None:
    assert ended(run((1,), 5, fleet(2), lease_s=3, attempts=2)) == [(6, "done")]


def test_to_give_a_job_back_is_an_attempt_too() -> None:
    result = run((1,), 5, fleet(2), Fault(at_s=2, on="w-0", what="stop"), attempts=1)
    assert ended(result) == [(2, "dead-lettered")]


def test_a_queue_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="works_on='job' of 'w': no such queue; there are jobs"):
        run((1,), 1, fleet(works_on="job"))


# --- always


@given(
    st.integers(0, 999), st.integers(1, 3), st.sampled_from(["exit", "drain", "deaf"]),
    st.sampled_from([None, 0.5, 2, 30]), st.sampled_from([None, 1, 3]), st.sampled_from([None, 1, 7]),
    st.lists(
        st.tuples(
            st.integers(0, 60), st.sampled_from(["stop", "start", "restart", "crash", "hang", "kill", "roll", "update"])
        ),
        max_size=4,
    ),
)  # fmt: skip
def test_each_job_ends_in_exactly_one_way(
    seed: int, workers: int, on_term: str, lease_s: float | None, attempts: int | None, poison_every: int | None,
    done: list[tuple[int, str]],
) -> None:  # fmt: skip
    wear = Wear(mtbf_s=15, hangs=0.2, script=Script(on_term=on_term, stop_takes_s=0.7))
    queue = Queue(
        load=Load(per_s=1, takes_s=1.5, varies=True), lease_s=lease_s, attempts=attempts, poison_every=poison_every
    )
    faults = [Fault(at_s=at, on="w", what=what) for at, what in done]
    team = fleet(workers, unit=RESTARTED, lives=wear)
    world = World(fleets={"w": team}, queues={"jobs": queue}, faults=faults)
    result = run_world(world, 90, seed=seed)
    jobs = result.jobs["jobs"]
    waiting, is_done, dead = (jobs.end == place for place in range(3))
    assert (jobs.ended_ns[waiting] == 0).all()
    assert (jobs.ended_ns[~waiting] >= jobs.at_ns[~waiting]).all()
    assert (jobs.completions[is_done] >= 1).all()
    assert (jobs.completions[waiting] == 0).all()
    assert (jobs.completions <= jobs.deliveries).all()
    if attempts is None:
        assert not dead.any()
    else:
        assert (jobs.deliveries <= attempts).all()
        assert (jobs.deliveries[dead] == attempts).all()
    if lease_s is None:
        assert (jobs.completions <= 1).all()
        assert (jobs.completions[dead] == 0).all()
    if poison_every is not None:
        assert (jobs.completions[poison_every - 1 :: poison_every] == 0).all()
    assert broken_rules(result.trace.transitions) == []
    again = run_world(world, 90, seed=seed).jobs["jobs"]
    assert again.ended_ns.tolist() == jobs.ended_ns.tolist()


@given(st.integers(1, 4), st.lists(st.floats(0, 20), min_size=1, max_size=30).map(sorted), st.integers(1, 3000))
def test_workers_that_do_not_fail_do_the_jobs_as_any_queue_of_that_kind(
    workers: int, at: list[float], takes_ms: int
) -> None:
    instants = tuple(round(instant, 3) for instant in at)
    result = run(instants, takes_ms / 1000, fleet(workers), until_s=200)
    free = [0] * workers  # first come, first served, by hand, in milliseconds
    for instant, (end, _) in zip(instants, ended(result), strict=True):
        free.sort()
        free[0] = max(free[0], round(instant * 1000)) + takes_ms
        assert round(end * 1000) == free[0]
