"""Sweeps: the same table wherever the points were run, and nothing lost with a point that fails."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lifecycle_kit import like
from lifecycle_kit.simulate import World, run_fleet, summary, sweep, sweeps
from lifecycle_kit.simulate.scenarios import load_scenario
from lifecycle_kit.simulate.sweep_table import Table
from lifecycle_kit.systems import SYSTEMS
from tests.sweep_runs import product, worn

ROOT = Path(__file__).parents[1]
GRID = {"a": [1, 2, 3], "b": [2, 4]}


def table(**more: Any) -> Table:
    return sweep(product, GRID, seeds=range(3), progress=False, **more)


# --- what is in the table


def test_every_combination_is_run_with_every_seed() -> None:
    made = table()
    assert len(made) == 18
    assert made["a"].tolist() == [1] * 6 + [2] * 6 + [3] * 6
    assert made["seed"].tolist() == [0, 1, 2] * 6
    assert made.rows()[1] == {"a": 1, "b": 2, "seed": 1, "product": 2.1, "sum": 3, "problem": ""}


def test_a_point_that_fails_stands_in_the_table_with_its_message() -> None:
    made = table()
    assert [row["seed"] for row in made.errors] == [0, 1, 2]
    assert made.errors[0]["problem"] == "ValueError: 2 and 2 do not go together"
    assert np.isnan(made["product"]).sum() == 3


def test_without_errors_there_is_no_column_for_them() -> None:
    made = sweep(product, {"a": [1], "b": [3, 4]}, progress=False)
    assert list(made.columns) == ["a", "b", "seed", "product", "sum"]
    assert made.errors == []


def test_a_mean_leaves_out_what_failed() -> None:
    means = table().mean(by="a")
    assert means.rows() == [
        {"a": 1, "product": pytest.approx(6.1 / 2 + 0.05), "sum": 4, "points": 6},
        {"a": 2, "product": pytest.approx(8.1), "sum": 6, "points": 3},
        {"a": 3, "product": pytest.approx(9.1), "sum": 6, "points": 6},
    ]
    nobody = table().mean(by=["a", "b"]).rows()[2]
    assert (nobody["a"], nobody["b"], nobody["points"]) == (2, 2, 0)
    assert np.isnan(nobody["product"])


def test_parameters_may_be_anything_and_are_told_apart() -> None:
    def policy(system: Any, limits: tuple[int, int]) -> int:
        return limits[0] if system is None else limits[1]

    made = sweep(policy, {"system": [None, "x"], "limits": [(1, 2), (3, 4)]}, progress=False)
    assert made["value"].tolist() == [1, 3, 2, 4]
    assert made["limits"].tolist() == [(1, 2), (3, 4)] * 2
    assert made.mean(by="system")["value"].tolist() == [2, 3]


def test_a_table_is_text_and_html_and_comma_separated(tmp_path: Path) -> None:
    made = sweep(product, {"a": [1, 2], "b": [2]}, progress=False)
    assert str(made).splitlines() == [
        "a  b  seed  product  sum                                 problem",
        "1  2     0        2    3                                        ",
        "2  2     0        -    -  ValueError: 2 and 2 do not go together",
    ]
    assert "<th>product</th>" in made._repr_html_()
    assert "<td>ValueError: 2 and 2 do not go together</td>" in made._repr_html_()
    assert made.to_csv(tmp_path / "made.csv").splitlines()[:2] == ["a,b,seed,product,sum,problem", "1,2,0,2.0,3.0,"]
    assert (tmp_path / "made.csv").read_text(encoding="utf-8") == made.to_csv()


def test_a_long_table_shows_its_beginning() -> None:
    made = sweep(lambda n: n, {"n": list(range(50))}, progress=False)
    assert str(made).splitlines()[-1] == "... and 10 more rows"
    assert made._repr_html_().count("<tr>") == 41


def test_a_table_can_be_narrowed_to_some_measures() -> None:
    assert list(table().only("sum").columns) == ["a", "b", "seed", "sum", "problem"]
    assert list(table().mean(by="b").only("sum").columns) == ["b", "sum", "points"]
    with pytest.raises(KeyError, match="there is no column 'c'"):
        table().only("c")


def test_an_unknown_column_is_answered_with_those_there_are() -> None:
    with pytest.raises(KeyError, match="there is no column 'c'; there are a, b, seed, product, sum, problem"):
        table()["c"]
    with pytest.raises(KeyError, match="there is no column 'c'"):
        table().mean(by="c")


@pytest.mark.parametrize(
    ("grid", "seeds", "why"),
    [
        ({"a": []}, [0], "a has no values"),
        ({"a": [1]}, [], "seed has no values"),
        ({"seed": [1]}, [0], "a parameter cannot be called 'seed'"),
        ({"problem": [1]}, [0], "a parameter cannot be called 'problem'"),
    ],
)
def test_a_grid_without_points_is_refused(grid: dict[str, list[int]], seeds: list[int], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        sweep(product, grid, seeds=seeds, progress=False)


# --- what may be run


def test_a_fleet_is_run_and_summed_up() -> None:
    made = sweep(worn, {"mtbf_s": [30.0, 300.0]}, seeds=[4], until_s=100, progress=False)
    own = summary(run_fleet(worn(30.0), 100, seed=4), worn(30.0))
    assert made["restarts"].tolist()[0] == own["restarts"] > made["restarts"].tolist()[1]
    assert set(own) == set(made.measures)


def test_results_and_worlds_are_summed_up_too() -> None:
    def result(seed: int) -> Any:
        return run_fleet(worn(30.0), 50, seed=seed)

    def world() -> World:
        return World(fleets={"api": worn(30.0)})

    results, worlds = (sweep(run, {}, seeds=range(3), until_s=50, progress=False) for run in (result, world))
    np.testing.assert_array_equal(results["failed"], worlds["failed"])


def test_a_scenario_is_swept_over_its_cures() -> None:
    made = sweep(load_scenario("half-started"), {"cure": [None, "readiness"]}, seeds=[1, 2], progress=False)
    assert made.errors == []
    fault, cured = made.mean(by="cure")["failed_share"]
    assert fault > 0.2 > 0.01 > cured


def test_a_factory_of_scenarios_runs_them() -> None:
    made = sweep(load_scenario, {"name_or_path": ["half-started"]}, progress=False)
    assert made["failed"][0] > 0


def test_a_run_without_a_seed_is_not_given_one() -> None:
    assert sweep(lambda n: n * 2, {"n": [1, 2]}, seeds=[7], progress=False)["value"].tolist() == [2, 4]
    assert sweep(lambda **all_: all_["seed"], {"n": [1]}, seeds=[7], progress=False)["value"].tolist() == [7]


# --- where it is run


class Backwards(Executor):
    """An executor that begins with what was sent last."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Keep a call until the last one has been sent."""
        future: Future[Any] = Future()
        self.waiting.append(lambda: future.set_result(fn(*args, **kwargs)))
        if len(self.waiting) == 18:
            for call in reversed(self.waiting):
                call()
        return future


@pytest.mark.parametrize("chunk", [None, 1, 5])
def test_threads_give_the_same_table(chunk: int | None) -> None:
    with ThreadPoolExecutor(3) as pool:
        assert table(executor=pool, chunk=chunk).to_csv() == table().to_csv()


def test_the_order_of_the_work_does_not_matter() -> None:
    assert table(executor=Backwards(), chunk=1).to_csv() == table().to_csv()


def test_processes_of_the_caller_give_the_same_table_and_are_not_shut_down() -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert table(executor=pool).to_csv() == table().to_csv()
        assert pool.submit(abs, -1).result() == 1


@pytest.fixture
def _much_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "WORTH_S", 0.0)


@pytest.mark.usefixtures("_much_to_do")
def test_much_work_goes_to_processes_and_gives_the_same_table() -> None:
    apart = table()
    with ThreadPoolExecutor(1) as pool:
        assert apart.to_csv() == table(executor=pool).to_csv()


@pytest.mark.parametrize(
    "value", [load_scenario("half-started"), World(fleets={"api": worn(9)}), *(like(name) for name in SYSTEMS)]
)
def test_units_worlds_and_scenarios_can_be_sent_to_processes(value: object) -> None:
    assert type(pickle.loads(pickle.dumps(value))) is type(value)


@pytest.mark.usefixtures("_much_to_do")
def test_what_nobody_else_can_import_is_run_here() -> None:
    local = {"here": 1}
    assert sweep(lambda n: n + local["here"], {"n": [1, 2, 3]}, progress=False)["value"].tolist() == [2, 3, 4]


@pytest.mark.live
def test_a_script_without_a_guard_can_start_processes() -> None:
    code = """
from lifecycle_kit.simulate import sweep, sweeps
from tests.sweep_runs import product
sweeps.WORTH_S = 0
print("begins")
print(sweep(product, {"a": [1, 2, 3], "b": [4]}, progress=False)["sum"].tolist())
sweeps._run_in_processes = None  # what is defined here is run here
print(sweep(lambda n: n, {"n": [1, 2, 3]}, progress=False)["value"].tolist())
"""
    done = subprocess.run([sys.executable], input=code, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.stdout.splitlines(), done.stderr) == (["begins", "[5, 6, 7]", "[1, 2, 3]"], "")


def test_a_lost_worker_loses_its_points_only() -> None:
    class Losing(ThreadPoolExecutor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            _, points = args
            return super().submit(int, "lost") if points[0]["a"] == 3 else super().submit(fn, *args, **kwargs)

    with Losing(1) as pool:
        made = table(executor=pool, chunk=6)
    assert [row["problem"] for row in made.rows()[12:]] == [
        "ValueError: invalid literal for int() with base 10: 'lost'"
    ] * 6
    assert made["product"][0] == 2


# --- stopping


def test_ctrl_c_keeps_what_was_done_here() -> None:
    def run(n: int) -> int:
        if n == 3:
            raise KeyboardInterrupt
        return n

    made = sweep(run, {"n": [1, 2, 3, 4]}, progress=False)
    assert made["value"].tolist() == [1, 2]
    assert str(made).splitlines()[-1] == "stopped: 2 points were not run"
    with pytest.raises(KeyboardInterrupt):
        sweep(run, {"n": [3, 4]}, progress=False)


def test_ctrl_c_cancels_what_was_sent_and_keeps_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(futures: Any) -> Iterator[Any]:
        yield from islice(as_completed(futures), 2)
        raise KeyboardInterrupt

    def run(n: int) -> int:
        time.sleep(0.01)
        return n

    monkeypatch.setattr(sweeps, "as_completed", interrupted)
    with ThreadPoolExecutor(1) as pool:
        made = sweep(run, {"n": list(range(100))}, executor=pool, chunk=1, progress=False)
    assert 2 <= len(made) < 100
    assert made.left_out == 100 - len(made)
    assert (made["value"] == made["n"]).all()


@pytest.mark.live
def test_ctrl_c_at_a_terminal_stops_the_processes(tmp_path: Path) -> None:
    code = f"""
from lifecycle_kit.simulate import sweep, sweeps
from tests.sweep_runs import slow
if __name__ == "__main__":
    sweeps.WORTH_S = 0
    made = sweep(slow, {{"number": list(range(4000)), "folder": [{str(tmp_path)!r}]}})
    print(len(made), made.left_out, "errors", len(made.errors))
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          start_new_session=True) as child:  # fmt: skip
        while len(list(tmp_path.iterdir())) < 4 and child.poll() is None:
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    done, left_out, _, errors = out.split()
    assert int(done) >= 1
    assert int(done) + int(left_out) == 4000
    assert int(errors) == 0
    assert "Traceback" not in err
