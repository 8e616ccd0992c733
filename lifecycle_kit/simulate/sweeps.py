"""Sweeps: the same run over many parameters and seeds, here, in processes, or wherever an executor leads.

Rule: the table is the same wherever the points were run, and whatever their order.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import pickle
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any

from lifecycle_kit.simulate.scenarios.scenario import Scenario
from lifecycle_kit.simulate.sweep_points import Job, Measured, Point, begin, points_of, work
from lifecycle_kit.simulate.sweep_table import PROBLEM, Table, column_of

__all__ = ["sweep"]

WORTH_S = 2.0  # work that processes are started for; to start them takes about one second
CHUNKS_EACH = 8  # per worker: few enough to be worth sending, enough to even out and to show progress

Tell = Callable[[int], None]
Sent = dict[Future[list[Measured]], range]


def sweep(
    run: Callable[..., Any] | Scenario,
    grid: Mapping[str, Sequence[Any]],
    *,
    executor: Executor | None = None,
    seeds: Sequence[int] = (0,),
    until_s: float = 600.0,
    progress: bool = True,
    chunk: int | None = None,
) -> Table:
    """Return what comes of a run at every combination of parameters and seeds, as a table with a row for each.

    Without an executor the points are run here while little is left to do, and in a process per processor if there is
    more. A function that other processes cannot import, such as one of a script or a notebook's cell, is always run
    here; put it into a module to use all processors. Ctrl-C stops the sweep: the table has what was done by then.

    Args:
        run: called with the parameters of a point by name, and with `seed` if it takes one. It returns numbers by name,
            one number, a result, or a `Fleet`, `World` or `Scenario` that is then run; of results the `summary` is
            taken. Or a scenario: its parameters are `cure` and `until_s`.
        grid: the values of each parameter.
        executor: any executor of `concurrent.futures`, a cluster's too; it is not shut down.
        seeds: each point is run with each of them.
        until_s: end of the runs of fleets and worlds, seconds.
        progress: show a bar, where there is a terminal or a notebook.
        chunk: points that are sent together; None: chosen.

    Raises:
        ValueError: if a list is empty, or a parameter is called "seed" or "problem".

    >>> print(sweep(lambda load, seed: load + seed, {"load": [1, 2]}, seeds=[0, 5], progress=False))
    load  seed  value
       1     0      1
       1     5      6
       2     0      2
       2     5      7
    """
    points = points_of({name: list(values) for name, values in grid.items()}, list(seeds))
    job = Job(run, until_s)
    done: dict[int, Measured] = {}
    with _bar(len(points), progress) as tell:
        try:
            if executor is None:
                _run_locally(job, points, done, tell)
            else:
                workers = getattr(executor, "_max_workers", None) or 4
                sent = _send(executor, job, points, range(len(points)), chunk or _chunk(len(points), workers))
                _collect(executor, sent, done, tell)
        except KeyboardInterrupt:
            if not done:
                raise  # nothing would be kept
    return _table(points, done)


def _chunk(count: int, workers: int) -> int:
    return max(1, math.ceil(count / (workers * CHUNKS_EACH)))


def _run_locally(job: Job, points: Sequence[Point], done: dict[int, Measured], tell: Tell) -> None:
    """Run points here; once it is clear that much is left, run the rest in processes."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quickest = math.inf
    for place, point in enumerate(points):
        began = time.perf_counter()
        done[place] = job.measure(point)
        tell(1)
        quickest = min(quickest, time.perf_counter() - began)
        left = range(place + 1, len(points))
        if processors > 1 and quickest * len(left) > WORTH_S:
            if _can_be_sent(job, points):
                _run_in_processes(processors, job, points, left, done, tell)
                return
            processors = 1  # not asked again


def _run_in_processes(
    processors: int, job: Job, points: Sequence[Point], places: range, done: dict[int, Measured], tell: Tell
) -> None:
    context = multiprocessing.get_context("spawn")  # a kernel has threads, and forking those is not safe
    stop = context.Event()
    workers = min(processors, len(places))
    with ProcessPoolExecutor(workers, mp_context=context, initializer=begin, initargs=(stop,)) as pool:
        try:
            with _main_left_alone():  # processes are started while work is sent
                sent = _send(pool, job, points, places, _chunk(len(places), workers))
            _collect(pool, sent, done, tell, stop.set)
        finally:
            stop.set()


def _can_be_sent(job: Job, points: Sequence[Point]) -> bool:
    """Tell whether another process can have these: it must be able to import all they consist of by name."""
    try:
        return b"__main__" not in pickle.dumps((job, points))
    except (pickle.PicklingError, TypeError, AttributeError):
        return False


@contextmanager
def _main_left_alone() -> Iterator[None]:
    """Have processes that start now not run the main module again.

    They would do so to find its functions, which are never sent to them; a script without a guard would begin anew in
    each of them, and one from standard input cannot be found at all.
    """
    main = sys.modules["__main__"]
    kept = {name: getattr(main, name) for name in ("__file__", "__spec__") if hasattr(main, name)}
    try:
        main.__spec__ = None
        main.__dict__.pop("__file__", None)
        yield
    finally:
        main.__dict__.update(kept)


def _send(executor: Executor, job: Job, points: Sequence[Point], places: range, chunk: int) -> Sent:
    parts = [places[start : start + chunk] for start in range(0, len(places), chunk)]
    return {executor.submit(work, job, [points[place] for place in part]): part for part in parts}


def _collect(
    executor: Executor, sent: Sent, done: dict[int, Measured], tell: Tell, stop: Callable[[], None] | None = None
) -> None:
    try:
        for future in as_completed(sent):
            _keep(future, sent[future], done)
            tell(len(sent[future]))
    except KeyboardInterrupt:
        for future in sent:
            future.cancel()
        if stop is not None:  # what is being run comes to the end of its point, and is kept
            stop()
            executor.shutdown(wait=True)
        for future, part in sent.items():
            if future.done() and not future.cancelled():
                _keep(future, part, done)
        raise


def _keep(future: Future[list[Measured]], part: range, done: dict[int, Measured]) -> None:
    try:
        measured = future.result()
    except Exception as error:  # noqa: BLE001 - a lost worker must not lose what the others have done
        measured = [({}, f"{type(error).__name__}: {error}")] * len(part)
    done.update(zip(part, measured, strict=False))


def _table(points: Sequence[Point], done: Mapping[int, Measured]) -> Table:
    places = sorted(done)
    names = list(points[0])
    columns = {name: column_of(points[place][name] for place in places) for name in names}
    measures = dict.fromkeys(name for place in places for name in done[place][0])
    for name in measures:
        columns[name] = column_of(done[place][0].get(name, math.nan) for place in places)
    if any(done[place][1] for place in places):
        columns[PROBLEM] = column_of(done[place][1] for place in places)
    return Table(tuple(names), columns, left_out=len(points) - len(places))


@contextmanager
def _bar(count: int, wanted: bool) -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    shown = wanted and (console.is_terminal or console.is_jupyter)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not shown, transient=True) as bar:
        task = bar.add_task("", total=count)
        yield lambda more: bar.advance(task, more)
