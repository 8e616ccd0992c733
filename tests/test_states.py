"""The one table: its arrows are written out here once more, so that none can vanish or appear unnoticed."""

from __future__ import annotations

import pytest

from lifecycle_kit.states import HAS_PROCESS, REQUESTS, TRANSITIONS, RequestRefused, State, Trigger, allowed, move

ARROWS = """
created    start            starting
created    stop             terminated
created    start-refused    failed
starting   ready            ready
starting   dependency-lost  blocked
ready      work-taken       running
ready      readiness-lost   blocked
ready      dependency-lost  blocked
running    idle             ready
running    readiness-lost   blocked
running    dependency-lost  blocked
blocked    unblocked        ready
blocked    resumed          running
starting   stop             draining
ready      stop             draining
running    stop             draining
blocked    stop             draining
starting   restart          draining
ready      restart          draining
running    restart          draining
blocked    restart          draining
starting   liveness-failed  draining
ready      liveness-failed  draining
running    liveness-failed  draining
blocked    liveness-failed  draining
starting   timed-out        draining
ready      timed-out        draining
running    timed-out        draining
blocked    timed-out        draining
starting   stopping         draining
ready      stopping         draining
running    stopping         draining
blocked    stopping         draining
draining   stop             draining
draining   deadline         draining
draining   exit-stopped     terminated
starting   exit-clean       terminated
ready      exit-clean       terminated
running    exit-clean       terminated
blocked    exit-clean       terminated
draining   exit-clean       terminated
starting   exit-failed      failed
ready      exit-failed      failed
running    exit-failed      failed
blocked    exit-failed      failed
draining   exit-failed      failed
failed     restart-planned  backoff
terminated restart-planned  backoff
backoff    restart-due      starting
backoff    start-refused    failed
backoff    stop             terminated
backoff    start            starting
terminated start            starting
terminated start-refused    failed
failed     start            starting
"""

# The arrows that the course promises; everything else in the table is explained beside it.
PROMISED = (
    "created starting, starting ready, ready running, running blocked, blocked running, running draining,"
    " draining terminated, starting failed, running failed, failed backoff, backoff starting"
)


def test_the_table_has_exactly_these_arrows() -> None:
    written = {tuple(line.split()) for line in ARROWS.strip().splitlines()}
    held = {(source.value, trigger.value, target.value) for (source, trigger), target in TRANSITIONS.items()}
    assert held == written


def test_every_arrow_that_the_course_promises_is_there() -> None:
    held = {(source.value, target.value) for (source, _), target in TRANSITIONS.items()}
    assert {tuple(arrow.split()) for arrow in PROMISED.split(",")} <= held


def test_there_are_nine_states() -> None:
    assert [state.value for state in State] == (
        "created starting ready running blocked draining terminated failed backoff".split()
    )


def test_every_state_can_be_reached_from_created() -> None:
    reached, fresh = {State.CREATED}, [State.CREATED]
    while fresh:
        here = fresh.pop()
        ahead = {target for (source, _), target in TRANSITIONS.items() if source is here} - reached
        reached |= ahead
        fresh += ahead
    assert reached == set(State)


def test_no_state_is_a_trap() -> None:
    assert {source for source, _ in TRANSITIONS} == set(State)


@pytest.mark.parametrize("state", [state for state in State if state in HAS_PROCESS])
def test_a_process_may_end_in_every_state_that_has_one(state: State) -> None:
    assert move(state, Trigger.EXIT_CLEAN) is State.TERMINATED
    assert move(state, Trigger.EXIT_FAILED) is State.FAILED


@pytest.mark.parametrize("state", [state for state in State if state not in HAS_PROCESS])
def test_where_there_is_no_process_nothing_can_exit(state: State) -> None:
    assert not [trigger for trigger in allowed(state) if trigger.value.startswith("exit")]


def test_every_trigger_is_used() -> None:
    assert {trigger for _, trigger in TRANSITIONS} == set(Trigger)


def test_requests_are_the_triggers_that_people_send() -> None:
    assert {trigger.value for trigger in REQUESTS} == {"start", "stop", "restart"}


def test_a_refused_move_names_the_state_the_request_and_the_way_out() -> None:
    with pytest.raises(RequestRefused, match="'stop' is refused while 'failed'; allowed here: start") as caught:
        move(State.FAILED, Trigger.STOP)
    assert (caught.value.state, caught.value.request) == (State.FAILED, "stop")


def test_the_table_cannot_be_written() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[State.FAILED, Trigger.STOP] = State.CREATED  # type: ignore[index]
