"""The plain policy and the start limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle_kit.backoff import Backoff
from lifecycle_kit.exits import Cause, Exit
from lifecycle_kit.restart import Done, GiveUp, Memory, PlainPolicy, Restart, StartLimit
from lifecycle_kit.units import ns

CRASH, CLEAN = Exit(code=1), Exit(code=0)


def decisions(policy: PlainPolicy, *exits: Exit) -> list[object]:
    """Return what the policy decides, end by end."""
    memory, made = Memory(), list[object]()
    for number, end in enumerate(exits):
        memory, decision = policy.on_exit(memory, end, at=ns(number), u=0.0)
        made.append(decision)
    return made


def test_failures_wait_longer_and_longer() -> None:
    policy = PlainPolicy(backoff=Backoff(first_s=1, factor=2, cap_s=4))
    assert decisions(policy, *[CRASH] * 4) == [Restart(ns(1)), Restart(ns(2)), Restart(ns(4)), Restart(ns(4))]


def test_it_gives_up_when_the_failures_are_used_up() -> None:
    made = decisions(PlainPolicy(give_up_after=2), CRASH, CRASH, CRASH)
    assert made[2] == GiveUp("failed 3 times in a row")


def test_a_long_life_clears_the_count() -> None:
    long = Exit(code=1, uptime_ns=ns(60))
    made = decisions(PlainPolicy(give_up_after=2), CRASH, CRASH, long, CRASH)
    assert made == [Restart(ns(1)), Restart(ns(2)), Restart(ns(1)), Restart(ns(2))]


@pytest.mark.parametrize(
    ("when", "clean", "crash"),
    [
        ("always", Restart(ns(1), clean=True), Restart(ns(1))),
        ("on-failure", Done(), Restart(ns(1))),
        ("never", Done(), GiveUp("never-restarted")),
    ],
)
def test_when_decides_which_ends_are_followed_by_a_restart(when: str, clean: object, crash: object) -> None:
    assert decisions(PlainPolicy(when=when), CLEAN) == [clean]
    assert decisions(PlainPolicy(when=when), CRASH) == [crash]


def test_what_was_asked_to_stop_is_not_restarted() -> None:
    assert decisions(PlainPolicy(when="always"), Exit(signal="SIGKILL", cause=Cause.REQUEST)) == [Done()]


def test_a_start_by_hand_and_a_reset_forget() -> None:
    policy, memory = PlainPolicy(), Memory(failures=5)
    assert policy.on_start(memory, 0, manual=True)[0] == Memory()
    assert policy.on_start(memory, 0, manual=False)[0] == memory
    assert policy.on_request(memory, "reset", 0) == Memory()
    assert policy.on_request(memory, "stop", 0) == memory


@pytest.mark.parametrize("wrong", [{"when": "sometimes"}, {"give_up_after": 0}, {"forget_after_s": -1}])
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=str(next(iter(wrong.values())))):
        PlainPolicy(**wrong)  # type: ignore[arg-type]


def test_the_start_limit_is_a_fixed_window() -> None:
    """Source: systemd src/basic/ratelimit.c; a start at exactly the interval's end still belongs to the window."""
    limit, memory, made = StartLimit(burst=2, interval_s=10), Memory(), []
    for at_s in (0, 9, 10, 10.1, 20.1, 20.1):
        memory, within = limit.count(memory, ns(at_s))
        made.append(within)
    assert made == [True, True, False, True, True, False]


@given(st.lists(st.integers(0, 100), max_size=30), st.integers(1, 5), st.integers(1, 30))
def test_no_window_ever_holds_more_than_the_burst(times: list[int], burst: int, interval: int) -> None:
    limit, memory, allowed = StartLimit(burst=burst, interval_s=interval), Memory(), list[int]()
    for at in sorted(times):
        memory, within = limit.count(memory, ns(at))
        allowed += [at] if within else []
    # A fixed window lets through at most one burst at its end and one at the next one's beginning.
    assert all(sum(at <= other <= at + interval for other in allowed) <= 2 * burst for at in allowed)


@pytest.mark.parametrize("off", [StartLimit(interval_s=0), StartLimit(burst=0)])
def test_zero_switches_the_start_limit_off(off: StartLimit) -> None:
    assert all(off.count(Memory(starts=99, window_ns=0), 0)[1] for _ in range(3))


def test_systemds_defaults_are_five_starts_in_ten_seconds() -> None:
    assert (StartLimit().burst, StartLimit().interval_s) == (5, 10)
