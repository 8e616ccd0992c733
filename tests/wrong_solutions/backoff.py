"""Wrong and alternative solutions of the backoff exercise."""

from __future__ import annotations

from tests.wrong_solutions.bank import Solution, Wrong

__all__ = ["RIGHT", "WRONG"]

WRONG = (
    Wrong(
        name="every exit code is persistent",
        misconception="An exit code other than 0 means that something is broken for good.",
        cell="bo-classify",
        swaps={'failure["exit_code"] in LASTING_EXIT_CODES': 'failure["exit_code"]'},
        fails=frozenset(
            {
                "bo-test-transient",
                "bo-test-repeated",
                "bo-test-restart",
                "bo-test-persistent",
                "bo-test-healthy",
                "bo-test-loop",
                "bo-test-alert",
            }
        ),
        says="[no-sign-of-lasting]",
    ),
    Wrong(
        name="a range of exit codes",
        misconception="The codes are two ends of a range.",
        cell="bo-classify",
        swaps={'failure["exit_code"] in LASTING_EXIT_CODES': '77 < (failure["exit_code"] or 0) < 128'},
        fails=frozenset({"bo-test-codes"}),
        says="[exit-code-is-evidence]",
    ),
    Wrong(
        name="reads lower case only",
        misconception="A log line is written the way I would write it.",
        cell="bo-classify",
        swaps={'failure["last_log"].lower()': 'failure["last_log"]'},
        fails=frozenset({"bo-test-log"}),
        says="'FATAL: PERMISSION DENIED'",
    ),
    Wrong(
        name="the log line must be the words",
        misconception="A log line is either exactly this message or another one.",
        cell="bo-classify",
        swaps={"any(words in last_log for words in LASTING_WORDS)": "last_log in LASTING_WORDS"},
        fails=frozenset({"bo-test-log", "bo-test-persistent"}),
        says="[log-line-is-evidence]",
    ),
    Wrong(
        name="a segmentation fault never heals",
        misconception="A bug is a bug: what crashed hard once will always crash.",
        cell="bo-classify",
        swaps={
            'failure["same_in_a_row"] >= SAME_FAILURE_LIMIT': (
                'failure["same_in_a_row"] >= SAME_FAILURE_LIMIT or failure["signal"] == "SEGV"'
            )
        },
        fails=frozenset({"bo-test-transient"}),
        says="'signal': 'SEGV'",
    ),
    Wrong(
        name="persistent only at the eighth time",
        misconception="The limit is a moment, not a threshold.",
        cell="bo-classify",
        swaps={'failure["same_in_a_row"] >=': 'failure["same_in_a_row"] =='},
        fails=frozenset({"bo-test-repeated"}),
        says="'same_in_a_row': 9",
    ),
    Wrong(
        name="persistent after the limit",
        misconception="Eight times are allowed, so the ninth is too many.",
        cell="bo-classify",
        swaps={'failure["same_in_a_row"] >=': 'failure["same_in_a_row"] >'},
        fails=frozenset({"bo-test-repeated"}),
        says="'same_in_a_row': 8",
    ),
    Wrong(
        name="linear growth",
        misconception="Backoff means that each delay is a little longer.",
        cell="bo-delay",
        code="""
def next_delay(nth, first_s, factor, cap_s):
    return min(cap_s, nth * first_s)
""",
        fails=frozenset({"bo-test-grows", "bo-test-cap", "bo-test-loop", "bo-test-alert"}),
        says="the answer is 4.0, expected 8.0",
    ),
    Wrong(
        name="multiplies once too often",
        misconception="The first failure already multiplies the delay.",
        cell="bo-delay",
        swaps={"range(nth - 1)": "range(nth)"},
        fails=frozenset(
            {
                "bo-test-grows",
                "bo-test-cap",
                "bo-test-restart",
                "bo-test-persistent",
                "bo-test-healthy",
                "bo-test-loop",
                "bo-test-alert",
            }
        ),
        says="the answer is 2.0, expected 1.0",
    ),
    Wrong(
        name="always doubles",
        misconception="Exponential means doubling.",
        cell="bo-delay",
        swaps={"delay_s * factor": "delay_s * 2"},
        fails=frozenset({"bo-test-grows"}),
        says="expected 4.5",
    ),
    Wrong(
        name="no cap",
        misconception="The longer it has failed, the longer we wait, without end.",
        cell="bo-delay",
        code="""
def next_delay(nth, first_s, factor, cap_s):
    return first_s * factor ** (nth - 1)
""",
        fails=frozenset({"bo-test-cap", "bo-test-overflow", "bo-test-restart", "bo-test-alert"}),
        says="the answer is 64.0, expected 60.0",
    ),
    Wrong(
        name="stops growing after six steps",
        misconception="A limit on the exponent is as good as a cap on the delay.",
        cell="bo-delay",
        code="""
def next_delay(nth, first_s, factor, cap_s):
    return min(cap_s, first_s * factor ** min(nth - 1, 6))
""",
        fails=frozenset({"bo-test-cap"}),
        says="expected 204.8",
    ),
    Wrong(
        name="cap applied after the power",
        misconception="min() keeps the number small.",
        cell="bo-delay",
        code="""
def next_delay(nth, first_s, factor, cap_s):
    return min(cap_s, first_s * factor ** (nth - 1))
""",
        fails=frozenset({"bo-test-overflow"}),
        says="it raised OverflowError",
    ),
    Wrong(
        name="guarded from the thousandth failure on",
        misconception="A float overflows at about two to the thousandth, so that is where to look out.",
        cell="bo-delay",
        code="""
def next_delay(nth, first_s, factor, cap_s):
    if nth > 1000:
        return cap_s
    return min(cap_s, first_s * factor ** (nth - 1))
""",
        fails=frozenset({"bo-test-overflow"}),
        says="next_delay(400, 1.0, 10.0, 7.0)",
    ),
    Wrong(
        name="the usual curve",
        misconception="Every policy waits 1, 2, 4, ... 30 seconds.",
        cell="bo-decide",
        swaps={
            'next_delay(streak, policy["first_s"], policy["factor"], policy["cap_s"])': (
                "next_delay(streak, 1.0, 2.0, 30.0)"
            )
        },
        fails=frozenset({"bo-test-restart"}),
        says="answer['after_s'] is 1.0, expected 2.0",
    ),
    Wrong(
        name="classifies the first failure",
        misconception="What started the trouble is what matters.",
        cell="bo-decide",
        swaps={"classify(failures[-1])": "classify(failures[0])"},
        fails=frozenset({"bo-test-persistent"}),
        says="[restarting-is-not-repairing]",
    ),
    Wrong(
        name="restarts blindly",
        misconception="The supervisor's job is to restart.",
        cell="bo-decide",
        swaps={'persistent = classify(failures[-1]) == "persistent"': "persistent = False"},
        fails=frozenset({"bo-test-persistent"}),
        says="answer['action'] is 'restart', expected 'give-up'",
    ),
    Wrong(
        name="gives up in silence",
        misconception="An alert is for loops; who gives up has nothing more to say.",
        cell="bo-decide",
        swaps={'give_up or streak >= policy["alert_after"]': 'streak >= policy["alert_after"]'},
        fails=frozenset({"bo-test-persistent"}),
        says="answer['alert'] is False, expected True",
    ),
    Wrong(
        name="a delay for what is not restarted",
        misconception="No delay is a delay of zero.",
        cell="bo-decide",
        swaps={"None if give_up else after_s": "0.0 if give_up else after_s"},
        fails=frozenset({"bo-test-persistent", "bo-test-alert"}),
        says="answer['after_s'] is 0.0, a float, expected None",
    ),
    Wrong(
        name="never forgets a failure",
        misconception="All failures count, however long ago.",
        cell="bo-decide",
        swaps={'streak = 1 if one["uptime_s"] >= policy["healthy_after_s"] else streak + 1': "streak += 1"},
        fails=frozenset({"bo-test-healthy"}),
        says="[a-healthy-life-ends-the-streak]",
    ),
    Wrong(
        name="exactly long enough is too short",
        misconception="healthy_after_s has to be passed, not reached.",
        cell="bo-decide",
        swaps={'one["uptime_s"] >=': 'one["uptime_s"] >'},
        fails=frozenset({"bo-test-healthy"}),
        says="'uptime_s': 10.0",
    ),
    Wrong(
        name="three make a loop",
        misconception="A crash loop is three failures, everywhere.",
        cell="bo-decide",
        swaps={'streak >= policy["loop_after"]': "streak >= 3"},
        fails=frozenset({"bo-test-loop"}),
        says="answer['crash_loop'] is False, expected True",
    ),
    Wrong(
        name="gives up one restart early",
        misconception="max_restarts counts the failures.",
        cell="bo-decide",
        swaps={'streak > policy["max_restarts"]': 'streak >= policy["max_restarts"]'},
        fails=frozenset({"bo-test-alert"}),
        says="answer['action'] is 'give-up', expected 'restart'",
    ),
)

RIGHT = (
    Solution(
        name="logarithms",
        cell="bo-delay",
        code="""
import math


def next_delay(nth, first_s, factor, cap_s):
    if (nth - 1) * math.log(factor) >= math.log(cap_s / first_s):
        return cap_s
    return first_s * factor ** (nth - 1)
""",
    ),
    Solution(
        name="asks forgiveness",
        cell="bo-delay",
        code="""
def next_delay(nth, first_s, factor, cap_s):
    try:
        return min(cap_s, first_s * factor ** (nth - 1))
    except OverflowError:
        return cap_s
""",
    ),
    Solution(
        name="one condition",
        cell="bo-classify",
        code="""
def classify(failure):
    signs = (
        failure["exit_code"] in {77, 78, 126, 127},
        failure["same_in_a_row"] > 7,
        *(
            words in failure["last_log"].casefold()
            for words in ("invalid credentials", "permission denied", "no such file", "unknown option")
        ),
    )
    return "persistent" if any(signs) else "transient"
""",
    ),
    Solution(
        name="counts the streak from the end",
        cell="bo-decide",
        code="""
def decide(failures, policy):
    streak = 1
    for one in reversed(failures):
        if one["uptime_s"] >= policy["healthy_after_s"] or streak == len(failures):
            break
        streak += 1
    decision = {"crash_loop": streak >= policy["loop_after"], "alert": streak >= policy["alert_after"]}
    if classify(failures[-1]) == "persistent" or streak - 1 >= policy["max_restarts"]:
        return {**decision, "action": "give-up", "after_s": None, "alert": True}
    delay = next_delay(nth=streak, first_s=policy["first_s"], factor=policy["factor"], cap_s=policy["cap_s"])
    return {**decision, "action": "restart", "after_s": delay}
""",
    ),
)
