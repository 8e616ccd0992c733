"""Groups in virtual time: their traces can be replayed member by member, and who is not given a life runs on."""

from __future__ import annotations

import pytest

from lifecycle_kit.drain import term_then_kill
from lifecycle_kit.group import STRATEGIES, Member, Rules, form
from lifecycle_kit.instance import Unit
from lifecycle_kit.replay import replay
from lifecycle_kit.restart import PlainPolicy
from lifecycle_kit.simulate import Script
from lifecycle_kit.simulate.together import Together
from lifecycle_kit.trace import starts
from lifecycle_kit.units import ns

UNIT = Unit(policy=PlainPolicy(), stop=term_then_kill(2))
TRIO = {name: Member(unit=UNIT) for name in ("db", "queue", "worker")}


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("one_by_one", [False, True])
def test_the_events_of_a_group_give_its_transitions_again(strategy: str, one_by_one: bool) -> None:
    lives = {
        "db": [Script(run_s=5), Script()],
        "queue": [Script(run_s=6, stop_takes_s=1)],
        "worker": [Script(on_term="deaf")],
    }
    together = Together(form(TRIO, rules=Rules(strategy=strategy, one_by_one=one_by_one)), lives)
    together.start()
    together.agenda.run(ns(30))
    together.stop()
    together.agenda.run(ns(60))
    assert together.group.ended
    again = replay(together.trace, dict.fromkeys(TRIO, UNIT))
    assert again.transitions == together.trace.transitions


def test_one_by_one_a_slow_stop_holds_up_the_start_of_all() -> None:
    lives = {"db": [Script(run_s=5), Script()], "worker": [Script(on_term="deaf")]}
    together = Together(form(TRIO, rules=Rules(strategy="one_for_all", one_by_one=True)), lives)
    together.start()
    together.agenda.run(ns(30))
    assert [starts(together.trace.transitions, name) for name in TRIO] == [[0, 7]] * 3


def test_a_member_without_a_script_runs_on() -> None:
    together = Together(form(TRIO))
    together.start()
    together.agenda.run(ns(1000))
    assert all(member.alive for member in together.members.values())
