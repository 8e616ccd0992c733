"""Wrong and alternative solutions of the incident exercise."""

from __future__ import annotations

from tests.wrong_solutions.bank import Solution, Wrong

__all__ = ["RIGHT", "WRONG"]

_ALL_OF_FIRST = frozenset({f"in-test-first-{part}" for part in ("cause", "lines", "next", "change")})
_BY_HAND = frozenset(
    {f"in-test-{word}-{part}" for word in ("first", "second", "third") for part in ("cause", "lines", "next", "change")}
)
_CURE_1, _CURE_2, _CURE_3 = '{"version": "2.6"}', '{"lifecycle.preStop.sleep.seconds": 6}', '{"jitter": "full"}'

WRONG = (
    Wrong(
        name="nobody",
        misconception="The name is only a formality.",
        cell="in-name",
        swaps={'"s133"': '" "'},
        fails=_BY_HAND,
        says="give your name or student id as a text that is not empty",
    ),
    Wrong(
        name="somebody else's incidents",
        misconception="What was right for my neighbour is right for me.",
        cell="in-name",
        swaps={'"s133"': '"s107"'},
        fails=_BY_HAND,
        says="if it were leak, the kernel would end lives",
    ),
    Wrong(
        name="more replicas against a leak",
        misconception="More instances help against everything.",
        cell="in-first",
        swaps={_CURE_1: '{"replicas": 20}'},
        fails=frozenset({"in-test-first-change"}),
        says="[more-replicas: ",
    ),
    Wrong(
        name="a bigger limit",
        misconception="What needs too much should get more.",
        cell="in-first",
        swaps={_CURE_1: '{"memory limit": 768}'},
        fails=frozenset({"in-test-first-change"}),
        says="[bigger-limit: ",
    ),
    Wrong(
        name="restarts faster",
        misconception="What restarts sooner is well sooner.",
        cell="in-first",
        swaps={_CURE_1: '{"crashLoopBackOff.maxContainerRestartPeriod": 1}'},
        fails=frozenset({"in-test-first-change"}),
        says="[restart-faster: ",
    ),
    Wrong(
        name="restarts are resilience",
        misconception="It is overloaded now and then; the restarts show that it heals.",
        cell="in-first",
        swaps={'"leak"': '"overload"'},
        fails=frozenset({"in-test-first-cause"}),
        says="if it were overload, the arrivals would have grown",
    ),
    Wrong(
        name="the certificate it is",
        misconception="The one line that says something unusual must be it.",
        cell="in-first",
        swaps={"[8, 46, 45]": "[8, 46, 41]"},
        fails=frozenset({"in-test-first-lines"}),
        says="Line 41 is harmless",
    ),
    Wrong(
        name="the more lines the better",
        misconception="Evidence is whatever was seen.",
        cell="in-first",
        swaps={"[8, 46, 45]": "[8, 46, 45, 41, 44, 51, 57, 3]"},
        fails=frozenset({"in-test-first-lines"}),
        says="3 of 3 facts are shown, by 3 of 8 lines",
    ),
    Wrong(
        name="all lines",
        misconception="All of it is evidence.",
        cell="in-first",
        swaps={"[8, 46, 45]": "list(range(1, 60))"},
        fails=frozenset({"in-test-first-lines"}),
        says="59 lines are too many",
    ),
    Wrong(
        name="the same wait again",
        misconception="The wait before a restart is always the same.",
        cell="in-first",
        swaps={"418": "398"},
        fails=frozenset({"in-test-first-next"}),
        says="398 s is not it",
    ),
    Wrong(
        name="hands in a tuple",
        misconception="The order says which is which.",
        cell="in-first",
        code="""
def incident_1():
    return "leak", [8, 46, 45], 418, {"version": "2.6"}
""",
        fails=_ALL_OF_FIRST,
        says="a diagnosis is a dict with the keys 'cause', 'lines', 'next', 'change'",
    ),
    Wrong(
        name="a longer grace for who leaves at once",
        misconception="Whoever ends badly needs more time to end.",
        cell="in-second",
        swaps={_CURE_2: '{"terminationGracePeriodSeconds": 120}'},
        fails=frozenset({"in-test-second-change"}),
        says="[kindness-at-the-end: ",
    ),
    Wrong(
        name="a sleep as long as a blink",
        misconception="Some sleep is sleep.",
        cell="in-second",
        swaps={_CURE_2: '{"lifecycle.preStop.sleep.seconds": 2}'},
        fails=frozenset({"in-test-second-change"}),
        says="is it enough?",
    ),
    Wrong(
        name="turns every knob",
        misconception="If one of them cures, all of them do.",
        cell="in-second",
        swaps={_CURE_2: '{"lifecycle.preStop.sleep.seconds": 6, "replicas": 9, "minReadySeconds": 9}'},
        fails=frozenset({"in-test-second-change"}),
        says="3 settings at once show nothing",
    ),
    Wrong(
        name="cut instead of refused",
        misconception="A request that fails while something leaves was cut.",
        cell="in-second",
        swaps={'"slow-route"': '"drain-cut"'},
        fails=frozenset({"in-test-second-cause"}),
        says="would be ended by SIGKILL at their deadline",
    ),
    Wrong(
        name="lines in a set",
        misconception="The order does not matter, so a set will do.",
        cell="in-second",
        swaps={"[7, 28, 40]": "{7, 28, 40}"},
        fails=frozenset({"in-test-second-lines"}),
        says="give a list of line numbers",
    ),
    Wrong(
        name="longer delays for the herd",
        misconception="The same, more slowly, does less harm.",
        cell="in-third",
        swaps={_CURE_3: '{"longest delay": 120}'},
        fails=frozenset({"in-test-third-change"}),
        says="[slower-is-safer: ",
    ),
    Wrong(
        name="the next life will be well",
        misconception="The broker is back, so the next try is the last one.",
        cell="in-third",
        swaps={"169": "138.5"},
        fails=frozenset({"in-test-third-next"}),
        says="138.5 s is not it",
    ),
    Wrong(
        name="no answer to what no question fits",
        misconception="A triage has to name a cause.",
        cell="in-cause",
        swaps={'return "look-closer" if symptoms["ever_ready"] else "no-startup-probe"': 'return "no-startup-probe"'},
        fails=frozenset({"in-test-cause-of"}),
        says="expected 'look-closer'",
    ),
    Wrong(
        name="in step means herd",
        misconception="Whoever comes back in step is a herd, whatever else is seen.",
        cell="in-cause",
        swaps={'if symptoms["same_job"]:': 'if symptoms["same_job"] and not symptoms["in_step"]:'},
        fails=frozenset({"in-test-cause-of"}),
        says="[own-ends-leave-words]",
    ),
    Wrong(
        name="the dependency is asked first",
        misconception="If something is down, that is the cause.",
        cell="in-cause",
        swaps={'if by == "probe":': 'if by == "probe" or symptoms["needs_down"]:'},
        fails=frozenset({"in-test-cause-of"}),
        says="[ask-who-ended-it]",
    ),
    Wrong(
        name="the calm of the others does not count",
        misconception="What others said in the calm is of no interest.",
        cell="in-lines",
        swaps={'one["at"] < began}': 'one["at"] < began and one["who"] in units}'},
        fails=frozenset({"in-test-telling"}),
        says="[evidence-tells-causes-apart]",
    ),
    Wrong(
        name="hears everything twice",
        misconception="Two lines prove more than one.",
        cell="in-lines",
        swaps={'told.add(one["what"])': "pass"},
        fails=frozenset({"in-test-telling"}),
        says="the answer has length 2, expected length 1",
    ),
    Wrong(
        name="compares None with a number",
        misconception="Every line has a time.",
        cell="in-lines",
        swaps={'one["at"] is not None and one["at"] < began': 'one["at"] < began'},
        fails=frozenset({"in-test-telling"}),
        says="it raised TypeError",
    ),
    Wrong(
        name="a ladder without a cap",
        misconception="The wait doubles for ever.",
        cell="in-start",
        swaps={'min(ladder["cap_s"], wait * ladder["factor"])': 'wait * ladder["factor"]'},
        fails=frozenset({"in-test-start"}),
        says="[the-next-life-follows-the-waits]",
    ),
    Wrong(
        name="the wait counts from the birth",
        misconception="The next life begins a wait after this one did.",
        cell="in-start",
        swaps={"float(end + wait)": 'float(present["born"] + wait)'},
        fails=frozenset({"in-test-start"}),
        says="the answer is 90.0, expected 120.0",
    ),
    Wrong(
        name="one grace period for all",
        misconception="Twenty-five seconds are enough for everybody.",
        cell="in-change",
        swaps={'measured["work_s"] + 5': "25"},
        fails=frozenset({"in-test-change-for"}),
        says="'drain-cut'",
    ),
    Wrong(
        name="one sleep for all",
        misconception="A sleep of some seconds is enough for everybody.",
        cell="in-change",
        swaps={'measured["spread_s"] + 2': "6"},
        fails=frozenset({"in-test-change-for"}),
        says="The right setting, perhaps; is it enough?",
    ),
    Wrong(
        name="keeps the version",
        misconception="The allowed value that stands first is the better one.",
        cell="in-change",
        swaps={'if value != setting["now"]': 'if value == setting["now"]'},
        fails=frozenset({"in-test-change-for"}),
        says="that is how it is already",
    ),
)

RIGHT = (
    Solution(
        name="other lines prove it as well",
        cell="in-first",
        swaps={"[8, 46, 45]": "[34, 55, 15, 14]"},
    ),
    Solution(
        name="one line too many, among others that prove it",
        cell="in-third",
        swaps={"[1, 26, 43]": "[1, 26, 43, 40, 39]"},
    ),
    Solution(
        name="one question after the other, with a match",
        cell="in-cause",
        code="""
def cause_of(symptoms):
    match symptoms:
        case {"ended_by": "probe", "needs_down": True}:
            return "liveness-on-dependency"
        case {"ended_by": "probe", "ever_ready": False}:
            return "no-startup-probe"
        case {"ended_by": "kernel"}:
            return "leak"
        case {"ended_by": "deadline"}:
            return "drain-cut"
        case {"ended_by": "itself", "same_job": True}:
            return "poison-message"
        case {"ended_by": "itself", "last_words": words} if "password" in words:
            return "wrong-credentials"
        case {"ended_by": "itself", "in_step": True}:
            return "herd"
        case {"ended_by": "probe" | "itself"}:
            return "look-closer"
        case {"wanted": 1, "owners": owners} if owners > 1:
            return "two-owners"
        case {"unready_routed": True}:
            return "half-started"
        case {"failed_as": "refused"}:
            return "slow-route"
        case {"failed_as": "error"}:
            return "superficial-readiness"
    return "look-closer"
""",
    ),
    Solution(
        name="words and numbers in a dict",
        cell="in-lines",
        code="""
def telling_lines(lines, units, began):
    timed = [one for one in lines if one["at"] is not None]
    calm = [one["what"] for one in timed if one["at"] < began]
    first = {}
    for one in timed:
        if one["at"] >= began and one["who"] in units and one["what"] not in calm:
            first.setdefault(one["what"], one["n"])
    return list(first.values())
""",
    ),
    Solution(
        name="a good deal longer than needed",
        cell="in-change",
        swaps={'measured["work_s"] + 5': '2 * measured["work_s"]', 'measured["spread_s"] + 2': "20"},
    ),
)
