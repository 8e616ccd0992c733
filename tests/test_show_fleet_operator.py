"""What an operator sees of a run: events, logs, metrics, and nothing that could not be known."""

from __future__ import annotations

from pathlib import Path

import pytest

from lifecycle_kit import like
from lifecycle_kit.show import operator_view
from lifecycle_kit.show.fleet_events import notices, notices_text
from lifecycle_kit.show.fleet_logs import LogLine, log_lines, sampled
from lifecycle_kit.show.fleet_operator import OperatorView
from lifecycle_kit.simulate import Dependency, Fleet, Load, Need, Queue, Script, World, WorldResult, run_world
from tests import made_results as made

KUBERNETES = like("kubernetes", {"livenessProbe.periodSeconds": 2, "readinessProbe.periodSeconds": 2})


def told(*moves: tuple[float, str, str]) -> list[tuple[float, int, str, str]]:
    """Return what is reported of these moves: when last, how often, kind, what."""
    return [(n.last_s, n.count, n.kind, n.what) for n in notices(made.world(made.fleet(moves, 100)))]


def test_a_start_is_reported_and_a_second_one_counted() -> None:
    moves = [(0, "a", "starting"), (5, "a", "failed"), (5, "a", "backoff"), (9, "a", "starting")]
    assert told(*moves) == [
        (5, 1, "warning", "failed"), (5, 1, "warning", "held back"), (9, 2, "normal", "started"),
    ]  # fmt: skip


def test_work_is_no_news_but_a_loss_of_readiness_is() -> None:
    moves = [(0, "a", "starting"), (1, "a", "ready"), (1, "a", "running"), (4, "a", "blocked"), (6, "a", "running")]
    assert told(*moves)[1:] == [(4, 1, "warning", "not ready"), (6, 2, "normal", "ready")]


def test_ends_are_told_apart() -> None:
    moves = [(0, "a", "starting"), (1, "a", "draining"), (2, "a", "terminated")]
    assert [what for *_, what in told(*moves)] == ["started", "unhealthy", "ended"]


def test_reports_that_differ_only_in_their_instance_share_a_line() -> None:
    crowd = [(0.0, f"api-{number}", "starting") for number in range(5)]
    failing = [*crowd, (4.0, "api-3", "failed")]
    table = notices_text(notices(made.world(made.fleet(failing, 60))), now_s=60).splitlines()
    assert table[1].split() == ["60", "s", "ago", "normal", "started", "api-0", "and", "4", "more", "a", "process",
                                "was", "started"]  # fmt: skip
    assert len(table) == 3
    assert len(notices_text(notices(made.world(made.fleet(failing, 60))), 60, most=1).splitlines()) == 2


DATABASE = Need(on="database", connects=True, connects_at_s=1, refused="exit", exit_code=69, loss="stay")


def run(need: Need, outage: tuple[float, float] | None = None, **more: object) -> tuple[WorldResult, World]:
    """Return the run of a service that needs a database, and its world."""
    api = Fleet(unit=KUBERNETES, replicas=2, needs=[need], load=Load(per_s=5), **more)  # type: ignore[arg-type]
    world = World(fleets={"api": api}, dependencies={"database": Dependency(outages=[outage] if outage else [])})
    return run_world(world, 60), world


def written(need: Need, outage: tuple[float, float] | None = None) -> set[str]:
    return {line.text for line in log_lines(*run(need, outage))}


def test_a_process_says_why_it_cannot_connect() -> None:
    refused = Need(on="database", connects=True, exit_code=77, credentials=False)
    assert "cannot connect to database: login refused, wrong user or password; exit 77" in written(refused)
    assert "cannot connect to database: connection refused; exit 69" in written(DATABASE, (0, 30))


def test_a_process_says_what_it_has_lost() -> None:
    assert {"lost database, waiting for it", "connected again"} <= written(Need(on="database", loss="block"), (20, 30))
    assert "lost database; exit 1" in written(Need(on="database", loss="exit"), (20, 30))


def test_failed_requests_are_written_in_tens_of_seconds() -> None:
    result, world = run(Need(on="database", readiness=False), (20, 30))
    failed = [line.text for line in log_lines(result, world) if line.text.endswith("failed: cannot reach database")]
    assert sum(int(text.split()[0]) for text in failed) == result.fleets["api"].outcomes["error"] > 20
    assert len(failed) <= 6


def test_without_the_world_a_process_does_not_say_what_is_missing() -> None:
    result, _ = run(Need(on="database", readiness=False), (20, 30))
    assert {
        line.text for line in log_lines(result) if "failed" in line.text and "internal error" not in line.text
    } == set()


def test_who_is_killed_writes_nothing() -> None:
    hang = Fleet(unit=KUBERNETES, replicas=1, lives=[Script(hangs_after_s=10)], load=None)
    world = World(fleets={"api": hang})
    assert {line.text for line in log_lines(run_world(world, 60), world)} == {"starting", "ready for work"}


def test_a_sample_keeps_the_beginning_and_the_end() -> None:
    lines = [LogLine(at_s=second, who="a", text="x") for second in range(20)]
    shown = sampled(lines, 6)
    assert [line.split()[0] for line in shown] == ["0.000", "1.000", "...", "16.000", "17.000", "18.000", "19.000"]
    assert shown[2].split(maxsplit=1)[1] == "14 lines left out"
    assert len(sampled(lines, 20)) == 20


def test_lines_of_one_instant_share_a_line() -> None:
    assert sampled([LogLine(at_s=1, who=f"a-{n}", text="x") for n in range(9)], 5) == ["    1.000  a-0 and 8 more: x"]


OUTAGE = (20.0, 40.0)


def view(at_s: float | None = None, *, dependencies: bool = False) -> OperatorView:
    result, world = run(Need(on="database", liveness=True), OUTAGE)
    return operator_view(result, world, at_s=at_s, dependencies=dependencies)


def test_an_operator_sees_instances_events_metrics_and_logs() -> None:
    seen = view(at_s=35)
    assert list(seen.parts) == ["instances", "events", "metrics", "logs"]
    assert seen.parts["instances"].splitlines()[0].split()[:2] == ["api-0", "backoff"]
    assert "liveness probe failed; it is stopped and started again" in seen.parts["events"]
    assert "cannot reach database" in seen.parts["logs"]
    assert seen.parts["metrics"].splitlines()[1].split() == ["time_s", "ready", "arrived", "served", "failed",
                                                            "in_flight", "restarts"]  # fmt: skip


def test_an_operator_sees_nothing_of_what_comes_later() -> None:
    quiet = view(at_s=19)
    assert "unhealthy" not in quiet.text
    assert "none failed, no restarts" in quiet.text
    assert quiet.title == "What is seen at 19 s"


@pytest.mark.parametrize("at_s", [None, 35])
def test_an_operator_is_not_told_the_fault(at_s: float | None) -> None:
    assert "database is down" not in view(at_s).text
    assert "database: up, or down" not in str(view(at_s).chart)
    assert " late" not in view(at_s).text


def test_a_dashboard_may_show_dependencies() -> None:
    assert "database: down 20 s to 40 s" in view(dependencies=True).text


def test_a_large_fleet_is_told_by_its_states() -> None:
    crowd = made.fleet([(0.0, f"api-{number}", "starting") for number in range(13)], 60)
    assert operator_view(crowd).parts["instances"] == "api: 13 starting"


def test_a_queue_has_a_table_of_its_own() -> None:
    worker = Fleet(unit=KUBERNETES, replicas=1, works_on="mail", load=None)
    world = World(fleets={"worker": worker}, queues={"mail": Queue(load=Load(per_s=2))})
    tables = operator_view(run_world(world, 30), world).parts["metrics"]
    assert "worker, every 5 s" in tables
    assert "mail, every 5 s" in tables


def test_a_view_can_be_shown_and_kept(tmp_path: Path) -> None:
    seen = view(at_s=35)
    assert repr(seen) == seen.text
    assert seen._repr_html_() == seen.html
    assert seen.html.startswith("<svg")
    assert seen.save(tmp_path / "view.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert seen.save(tmp_path / "view.txt").read_text(encoding="utf-8") == seen.text
