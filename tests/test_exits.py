"""Ends of processes: how they are written, who is to blame, and whether trying again will help."""

from __future__ import annotations

import pytest

from lifecycle_kit.exits import Cause, Exit, blame, classify, parse_exit


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (0, (0, None)), ("1", (1, None)), (" 255 ", (255, None)), ("SIGKILL", (None, "SIGKILL")),
        ("term", (None, "SIGTERM")), (-9, (None, "SIGKILL")), ("-11", (None, "SIGSEGV")),
    ],
)  # fmt: skip
def test_codes_and_signals_are_read_as_people_write_them(
    written: int | str, read: tuple[int | None, str | None]
) -> None:
    assert parse_exit(written) == read


@pytest.mark.parametrize("wrong", ["256", "-99", "KILLED", "", "1.5"])
def test_what_is_no_exit_is_refused_with_the_way_out(wrong: str) -> None:
    with pytest.raises(ValueError, match="give a code from 0 to 255 or a signal such as SIGKILL"):
        parse_exit(wrong)


@pytest.mark.parametrize("both", [{}, {"code": 0, "signal": "SIGTERM"}])
def test_an_exit_has_a_code_or_a_signal(both: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a code or a signal"):
        Exit(**both)  # type: ignore[arg-type]


def test_a_crash_is_its_own_doing_and_a_kill_somebody_elses() -> None:
    assert blame("SIGSEGV") is Cause.SELF
    assert blame("SIGKILL") is Cause.OUTSIDER
    assert blame(None) is Cause.SELF


@pytest.mark.parametrize(
    ("code", "line", "repeats", "kind"),
    [
        (1, "ERROR invalid credentials for queue", 1, "persistent"),
        (1, "queue: Connection refused", 1, "transient"),
        (1, "queue: connection refused", 5, "persistent"),
        (1, "login timed out: invalid credentials", 1, "persistent"),
        (75, "", 1, "transient"),
        (78, "", 1, "persistent"),
        (127, "", 1, "persistent"),
        (126, "", 1, "persistent"),
        (64, "", 1, "persistent"),
        (69, "", 1, "transient"),
        (1, "", 1, "unknown"),
        (None, "", 4, "unknown"),
        (None, "", 5, "persistent"),
    ],
)
def test_evidence_decides_what_kind_of_failure_it_is(code: int | None, line: str, repeats: int, kind: str) -> None:
    verdict = classify(code, line, repeats)
    assert verdict.kind == kind
    assert verdict.because
