"""What a test cell is made of: one point, one sentence, and calls whose answers are known.

Rule: a learner reads what happened, what was expected and which idea to look at again, never a
traceback; and nothing here writes to stderr, because nbgrader takes any text there for a failure.
"""

from __future__ import annotations

import contextlib
import copy
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any

from lifecycle_kit.classroom.compare import difference, show
from lifecycle_kit.classroom.ideas import IDEAS

__all__ = ["NotYet", "expect", "one_point", "refused", "trial"]

Function = Callable[..., Any]


class NotYet(AssertionError):
    """A test that does not pass yet; its text is all a notebook shows of it."""

    def _render_traceback_(self) -> list[str]:
        # IPython asks for this name and then shows these lines in place of a traceback.
        return str(self).splitlines()


@contextlib.contextmanager
def one_point(sentence: str) -> Iterator[None]:
    """Run the calls of one test cell, and say in one sentence what passing them means.

    Raises:
        NotYet: with the sentence and the first call whose answer differs.
    """
    try:
        yield
    except NotYet as problem:
        raise NotYet(f"not yet: {sentence}\n{problem}") from None
    print(f"the visible checks pass: {sentence}")  # noqa: T201 - speaks to the learner


def expect(function: Function, args: Sequence[Any], want: Any, *, idea: str) -> None:
    """Call `function` with copies of `args` and do nothing if it returns `want`.

    Args:
        function: the learner's function.
        args: its arguments, plain data.
        want: the expected answer, plain data; numbers may differ by one part in 10**9.
        idea: key in `IDEAS`: what to look at again if the answer differs.

    Raises:
        NotYet: if the call raises, returns another type, or returns another value.
    """
    problem = trial(function, args, want)
    if problem:
        raise refused(function, args, problem, idea=idea) from None


def refused(function: Function, args: Sequence[Any], problem: str, *, idea: str) -> NotYet:
    """Return the error that names a call, what is wrong with its answer, and the idea to look at again."""
    call = call_text(name_of(function), args)
    return NotYet(f"  call       {call}\n  problem    {problem}\n  look again {IDEAS[idea]} [{idea}]")


def trial(function: Function, args: Sequence[Any], want: Any) -> str | None:
    """Return what is wrong with `function(*args)` in one sentence, or None.

    >>> trial(len, ["four"], 4), trial(len, ["four"], 5)
    (None, 'the answer is 4, expected 5')
    >>> trial(len, [4], 5)
    "it raised TypeError: object of type 'int' has no len()"
    """
    got, problem = called(function, copy.deepcopy(list(args)))
    if problem:
        return problem
    if got is None and want is not None:
        return f"the answer is None, expected {show(want)}: is it written, and does every path `return`?"
    return difference(got, want)


def called(function: object, args: Sequence[Any]) -> tuple[Any, str | None]:
    """Return what `function(*args)` returns, and None; or None, and why there is no answer."""
    if not callable(function):
        return None, f"{show(function)} is not a function: hand over its name, without calling it"
    try:
        with quiet():
            return function(*args), None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - any error of the learner's is an answer
        return None, f"it raised {_described(error)}"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what a learner's function prints or warns out of the cell while it is being tested."""
    nowhere = io.StringIO()
    with (
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
        warnings.catch_warnings(action="ignore"),
    ):
        yield


def name_of(function: object, *, otherwise: str = "your_function") -> str:
    """Return the name a learner knows the function by; `otherwise` if it has none to call it by."""
    name = getattr(function, "__name__", None)
    return name if type(name) is str and name.isidentifier() else otherwise


def call_text(name: str, args: Sequence[Any]) -> str:
    """Return the call as text that can be pasted; a long one has a line for each argument.

    >>> call_text("next_delay", [1, 0.5])
    'next_delay(1, 0.5)'
    """
    shown = [repr(arg) for arg in args]
    if len(", ".join(shown)) < 90:
        return f"{name}({', '.join(shown)})"
    indent = " " * 13
    return "\n".join([f"{name}(", *(f"{indent}    {arg}," for arg in shown), f"{indent})"])


def _described(error: BaseException) -> str:
    line = _line_in_first_frame(error.__traceback__)
    if isinstance(error, NotImplementedError):
        return "NotImplementedError: this function is not written yet"
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an error whose text raises is still only an error
        text = "(its text cannot be shown)"
    return f"{type(error).__name__}: {text[:300]}{line}"


def _line_in_first_frame(traceback: TracebackType | None) -> str:
    """Say where in the learner's own cell the error came up; a built-in has no such line."""
    frame = traceback.tb_next if traceback else None
    if frame is None or not frame.tb_frame.f_code.co_filename:
        return ""
    own_file, line = frame.tb_frame.f_code.co_filename, frame.tb_lineno
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == own_file:
            line = frame.tb_lineno
        frame = frame.tb_next
    return f" (line {line} of its cell)"
