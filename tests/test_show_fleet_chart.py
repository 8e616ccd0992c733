"""A run of fleets as a picture: what stands in it, that it is whole, and that words say the same."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import dist
from xml.etree import ElementTree

import numpy as np
import pytest

from lifecycle_kit import like
from lifecycle_kit.show import Svg, fleet_chart, fleet_comparison
from lifecycle_kit.show.fleet_panels import OUTCOME_LOOKS
from lifecycle_kit.show.fleet_seen import see
from lifecycle_kit.simulate import Alarm, Dependency, Fault, Fleet, Load, Node, World, run_fleet
from lifecycle_kit.states import State
from tests import made_results as made
from tests.test_show_palette import CLEARLY_APART, SIGHTS, lab

KUBERNETES = like("kubernetes")
MOVES = [
    (0, "api-0", "starting"), (0, "api-1", "starting"), (2, "api-0", "ready"), (3, "api-1", "ready"),
    (40, "api-0", "failed"), (40, "api-0", "backoff"), (50, "api-0", "starting"), (52, "api-0", "ready"),
]  # fmt: skip
ASKED = made.requests(*((at, at, "served" if at < 40 or at > 52 else "refused") for at in range(3, 100)))
API = made.fleet(MOVES, 100, asked=ASKED, alerts=[(60, "api-0", "crash-loop", "3 in a row")])
JOBS = made.jobs((1, 4, "done", 2), (2, 0, "waiting", 0), (3, 5, "dead-lettered", 0))


def words_in(svg: Svg) -> list[str]:
    """Return the texts of a picture, in the order in which they are drawn."""
    root = ElementTree.fromstring(str(svg))
    return ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")]


def test_a_picture_names_its_panels_and_counts_in_its_key() -> None:
    words = words_in(fleet_chart(API))
    for expected in ("api: requests that ended, a second", "api: states", "served 84", "refused 13", "wanted 2",
                     "ready, least 1", "restarts 1", "all starts: 3 s CPU,", "60 log lines"):  # fmt: skip
        assert expected in words


def test_what_never_happened_has_neither_panel_nor_key() -> None:
    words = words_in(fleet_chart(made.fleet(MOVES[:4], 100)))
    assert not [word for word in words if "requests" in word or ": restarts" in word]
    assert "refused" not in " ".join(words_in(fleet_chart(made.fleet(asked=made.requests((1, 1, "served"))))))


def test_a_picture_is_not_wider_than_a_page_and_carries_its_words() -> None:
    svg = fleet_chart(API, title="Two of them")
    root = ElementTree.fromstring(str(svg))
    assert int(root.attrib["width"]) <= 900
    assert [root[0].text, root[1].text] == ["Two of them", svg.text]
    assert "api: 84 requests served; failed: 13 refused." in svg.text
    assert "60 s: alert, 20 s late: api-0: crash-loop (3 in a row)" in svg.text


def test_no_picture_has_an_id() -> None:
    assert " id=" not in str(fleet_chart(API))


def test_many_instances_are_counted_and_few_have_lanes() -> None:
    crowd = [(0.0, f"api-{number}", "starting") for number in range(13)]
    assert "api: instances by state" in words_in(fleet_chart(made.fleet(crowd)))
    assert "starting" in words_in(fleet_chart(made.fleet(crowd)))
    assert "api-11" in words_in(fleet_chart(made.fleet(crowd[:12])))


def test_who_was_never_started_has_a_lane_that_says_so() -> None:
    log = replace(API.log, names=(*API.log.names, "api-1-b"))
    words = words_in(fleet_chart(replace(API, log=log)))
    assert words[words.index("api-1-b") + 1] == "created, never started"


def test_queues_and_dependencies_stand_below_the_fleets() -> None:
    result = made.world(API, queues={"mail": JOBS}, downs={"database": [(30, 45)], "cache": []})
    words = words_in(fleet_chart(result))
    titles = [word for word in words if ": " in word and word.split(":")[0] in ("api", "mail", "database", "cache")]
    assert titles[-2:] == ["mail: backlog", "database: up, or down"]
    assert {"waiting at the end 1", "done 1", "1 of them twice", "dead-lettered 1"} <= set(words)
    assert "mail: 1 waiting, 1 done, 1 dead-lettered; the backlog was 3 at most." in fleet_chart(result).text


@pytest.mark.parametrize("sight", SIGHTS)
def test_any_two_outcomes_can_be_told_apart_by_colour_and_by_texture(sight: str) -> None:
    for one, other in combinations(OUTCOME_LOOKS.values(), 2):
        seen = [lab(look.fill, SIGHTS[sight]) for look in (one, other)]
        assert dist(*seen) >= CLEARLY_APART
        assert (one.apart, one.dash) != (other.apart, other.dash)


def test_two_owners_of_one_replica_are_shown() -> None:
    moves = [(0, "a", "starting"), (1, "a", "ready"), (2, "b", "starting"), (3, "b", "ready"), (5, "a", "terminated")]
    assert "one too many 2 s" in words_in(fleet_chart(made.fleet(moves)))


def test_what_was_sent_again_is_a_line_above_what_ended() -> None:
    words = words_in(fleet_chart(replace(API, sent_ns=np.arange(500) * (10**9 // 5))))
    assert "sent, with retries 500" in words


def test_a_fleet_without_requests_needs_no_routes() -> None:
    assert "api: instances ready" in words_in(fleet_chart(made.fleet(MOVES, 100)))


def test_states_shorter_than_a_scrape_are_counted_by_their_time() -> None:
    short = [(0.0, "a", "starting"), (5.0, "a", "ready"), (5.25, "a", "failed"), (5.25, "a", "backoff")]
    standing = see(made.fleet(short, 1000)).average("api")
    assert standing[State.STARTING][:3].tolist() == [1, 0, 0]
    assert standing[State.READY][:3].tolist() == [0, 0.05, 0]
    assert standing[State.BACKOFF][:3].tolist() == [0, 0.95, 1]
    assert not standing[State.FAILED].any()


def test_a_dependency_that_falls_over_again_and_again_has_one_mark() -> None:
    downs = {"broker": [(10.0, 20.0), (25.0, 30.0), (35.0, 40.0)]}
    planned = World(fleets={}, dependencies={"broker": Dependency(outages=[(10, 20)])})
    told = fleet_chart(made.world(API, downs=downs), planned).text
    assert "10 s: broker is down for 10 s" in told
    assert "25 s: broker is down for 5 s, and once more" in told
    assert "10 s: broker is down for 10 s, and 2 times more" in fleet_chart(made.world(API, downs=downs)).text


WORLD = World(
    fleets={"api": Fleet(unit=KUBERNETES, replicas=3, update_at_s=70, requests=[(90, 0, "stop")])},
    nodes=[Node(name="node-a", lost_at_s=30, back_at_s=35)],
    faults=[Fault(at_s=40, on="api-0", what="crash"), Fault(at_s=80, on="database", what="outage", for_s=9)],
    alarms=[Alarm(on="api", metric="ready", below=2, for_s=5)],
)


def test_marks_tell_faults_changes_and_alerts_in_order_of_time() -> None:
    told = [line for line in fleet_chart(made.world(API, fault_s=30), WORLD).text.splitlines() if " s: " in line[:9]]
    assert told == [
        "30 s: node node-a is lost", "35 s: node node-a is back", "40 s: api-0 crashes",
        "46 s: alert, 16 s late: api: ready below 2 (for 5 s; it is 1)",
        "60 s: alert, 30 s late: api-0: crash-loop (3 in a row)", "70 s: the update of api begins",
        "80 s: database is down for 9 s", "90 s: api-0 is asked to stop",
    ]  # fmt: skip


def test_marks_can_be_chosen() -> None:
    told = fleet_chart(API, WORLD, marks=["alert"]).text
    assert "60 s: alert: api-0: crash-loop" in told  # who does not see faults does not know how late it is
    assert "node-a" not in told
    with pytest.raises(ValueError, match="marks='rumour' is not known; choose from fault, change, alert"):
        fleet_chart(API, marks=["rumour"])


def test_a_crowd_of_alerts_shares_a_mark() -> None:
    alerts = [(50 + number, f"api-{number}", "crash-loop", "") for number in range(4)]
    svg = fleet_chart(made.fleet(MOVES, 100, alerts=alerts))
    assert "50 s: alert, 10 s late: api-0, api-1, api-2 and 1 more: crash-loop" in words_in(svg)


def test_of_many_marks_the_first_ten_are_listed() -> None:
    alerts = [(10 * number, "api-0", "gave-up", "") for number in range(1, 13)]
    words = words_in(fleet_chart(made.fleet(MOVES, 130, alerts=alerts)))
    assert "and 2 more, up to 120 s" in words
    assert "12" in words  # its badge


def test_a_part_of_a_run_can_be_shown() -> None:
    words = words_in(fleet_chart(API, from_s=60, until_s=80))
    assert "60" in words
    assert "served 21" in words
    assert "refused 13" not in words
    with pytest.raises(ValueError, match="0 <= from_s < until_s, got from_s=80, until_s=60"):
        fleet_chart(API, from_s=80, until_s=60)


def test_a_picture_that_ends_early_knows_nothing_of_what_comes_later() -> None:
    svg = fleet_chart(API, until_s=39)
    assert svg.text.splitlines()[0] == "37 of 37 requests served, none failed, no restarts."
    assert "failed" not in svg.text.split("none failed")[1]
    assert "refused" not in " ".join(words_in(svg))
    assert "ready, least 2" in words_in(svg)


CURED = made.fleet(MOVES[:4], 100, asked=made.requests(*((at, at, "served") for at in range(3, 100))))


def test_a_comparison_has_a_column_for_each_run_and_one_key() -> None:
    svg = fleet_comparison({"with the fault": API, "cured": CURED})
    words = words_in(svg)
    assert svg.title == "with the fault against cured"
    assert {"with the fault", "cured"} <= set(words)
    assert "84 of 97 requests served, 13 failed, 1 restart" in " ".join(words)
    assert "97 of 97 requests served, none failed, no restarts" in " ".join(words)
    assert words.count("served") == 1
    assert words.count("api: restarts") == 1
    assert "cured:\n97 of 97 requests served, none failed, no restarts." in svg.text


def test_a_comparison_shows_all_runs_on_one_scale() -> None:
    crowd = made.fleet([(0.0, f"api-{number}", "starting") for number in range(30)], 50)
    words = words_in(fleet_comparison({"small": CURED, "large": crowd}))
    assert words.count("30") == 4  # the scales of ready instances and of states, in each column
    assert "100" in words


def test_three_runs_fit_beside_each_other_and_four_do_not() -> None:
    svg = fleet_comparison(dict.fromkeys(["one", "two", "three with quite a long name"], API))
    assert svg.width <= 900
    with pytest.raises(ValueError, match="a comparison shows 1 to 3 runs, got 4"):
        fleet_comparison(dict.fromkeys("abcd", API))


def test_each_run_of_a_comparison_can_have_its_own_world() -> None:
    three = Fleet(unit=KUBERNETES, replicas=3)
    text = fleet_comparison({"a": API, "b": API}, {"a": three}).text
    assert "3 instances wanted" in text.split("b:")[0]
    assert "2 instances wanted" in text.split("b:")[1]


def test_a_real_run_can_be_drawn() -> None:
    fleet = Fleet(unit=KUBERNETES, update_at_s=20, load=Load(per_s=5))
    svg = fleet_chart(run_fleet(fleet, 60), fleet)
    assert "api-new-2" in words_in(svg)
    assert "20 s: the update of api begins" in svg.text
