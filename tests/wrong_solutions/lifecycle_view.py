"""Wrong and alternative solutions of the lifecycle-view exercise."""

from __future__ import annotations

from tests.wrong_solutions.bank import Solution, Wrong

__all__ = ["RIGHT", "WRONG"]

_VIEW_TESTS = frozenset({"lv-test-gone", "lv-test-draining", "lv-test-blocked", "lv-test-ready"})
_ROUTE_TESTS = frozenset({"lv-test-route", "lv-test-flags", "lv-test-nobody"})

WRONG = (
    Wrong(
        name="draining is asked before gone",
        misconception="What was leaving is still leaving, even when its process has ended.",
        cell="lv-view",
        code="""
def lifecycle_view(process_alive, ready, draining, dependency_blocked):
    if draining:
        return "draining"
    if not process_alive:
        return "terminated"
    if dependency_blocked:
        return "alive_but_blocked"
    return "ready" if ready else "starting"
""",
        fails=frozenset({"lv-test-gone"}),
        says="is 'draining', expected 'terminated'",
    ),
    Wrong(
        name="blocked is asked before draining",
        misconception="A lost dependency is worse than leaving, so it must be reported first.",
        cell="lv-view",
        code="""
def lifecycle_view(process_alive, ready, draining, dependency_blocked):
    if not process_alive:
        return "terminated"
    if dependency_blocked:
        return "alive_but_blocked"
    if draining:
        return "draining"
    return "ready" if ready else "starting"
""",
        fails=frozenset({"lv-test-draining"}),
        says="is 'alive_but_blocked', expected 'draining'",
    ),
    Wrong(
        name="ready wins over blocked",
        misconception="If it says that it is ready, it is ready.",
        cell="lv-view",
        code="""
def lifecycle_view(process_alive, ready, draining, dependency_blocked):
    if not process_alive:
        return "terminated"
    if draining:
        return "draining"
    if ready:
        return "ready"
    return "alive_but_blocked" if dependency_blocked else "starting"
""",
        fails=frozenset({"lv-test-blocked", "lv-test-flags", "lv-test-nobody"}),
        says="[blocked-is-not-ready]",
    ),
    Wrong(
        name="not ready means starting",
        misconception="Everything alive that is not ready must still be starting.",
        cell="lv-view",
        code="""
def lifecycle_view(process_alive, ready, draining, dependency_blocked):
    if not process_alive:
        return "terminated"
    if draining:
        return "draining"
    if not ready:
        return "starting"
    return "alive_but_blocked" if dependency_blocked else "ready"
""",
        fails=frozenset({"lv-test-blocked"}),
        says="[blocked-is-not-starting]",
    ),
    Wrong(
        name="the last return is missing",
        misconception="If none of the conditions holds, there is nothing to say.",
        cell="lv-view",
        swaps={'    return "starting"\n': "\n"},
        fails=frozenset({"lv-test-ready"}),
        says="the answer is None, expected 'starting': is it written, and does every path `return`?",
    ),
    Wrong(
        name="prints the view",
        misconception="Showing an answer is the same as returning it.",
        cell="lv-view",
        code="""
def lifecycle_view(process_alive, ready, draining, dependency_blocked):
    if not process_alive:
        print("terminated")
    elif draining:
        print("draining")
    elif dependency_blocked:
        print("alive_but_blocked")
    else:
        print("ready" if ready else "starting")
""",
        fails=_VIEW_TESTS | {"lv-test-route", "lv-test-flags"},
        says="the answer is None, expected 'terminated'",
    ),
    Wrong(
        name="an answer that equals everything",
        misconception="The tests only compare with ==.",
        cell="lv-view",
        code="""
class Agreeable(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


def lifecycle_view(process_alive, ready, draining, dependency_blocked):
    return Agreeable("whatever you say")
""",
        fails=_VIEW_TESTS | _ROUTE_TESTS,
        says="the answer is a value of type Agreeable, expected a string ('terminated')",
    ),
    Wrong(
        name="a mistyped name",
        misconception="(none: a slip of the keyboard)",
        cell="lv-view",
        swaps={"if not process_alive:": "if not proces_alive:"},
        fails=_VIEW_TESTS | _ROUTE_TESTS,
        says="it raised NameError: name 'proces_alive' is not defined",
    ),
    Wrong(
        name="hyphens for underscores",
        misconception="One spelling of a state is as good as another.",
        cell="lv-view",
        swaps={'return "alive_but_blocked"': 'return "alive-but-blocked"'},
        fails=frozenset({"lv-test-blocked"}),
        says="is 'alive-but-blocked', expected 'alive_but_blocked'",
    ),
    Wrong(
        name="routes to whatever is alive",
        misconception="Alive is the same as useful.",
        cell="lv-route",
        code="""
def route_to(instances):
    return [one["name"] for one in instances if one["process_alive"]]
""",
        fails=_ROUTE_TESTS,
        says="[route-on-usefulness]",
    ),
    Wrong(
        name="routes on the ready flag",
        misconception="The flag and the view are the same thing.",
        cell="lv-route",
        code="""
def route_to(instances):
    return [one["name"] for one in instances if one["ready"]]
""",
        fails=frozenset({"lv-test-flags", "lv-test-nobody"}),
        says="[flags-are-not-views]",
    ),
    Wrong(
        name="forgets that the process may be gone",
        misconception="A flag goes down when its process does.",
        cell="lv-route",
        code="""
def route_to(instances):
    names = []
    for one in instances:
        if one["ready"] and not one["draining"] and not one["dependency_blocked"]:
            names.append(one["name"])
    return names
""",
        fails=frozenset({"lv-test-flags"}),
        says="['crashed', 'web-7'], expected ['web-7']",
    ),
    Wrong(
        name="sorts the names",
        misconception="A list of names looks better in order.",
        cell="lv-route",
        swaps={"    return names": "    return sorted(names)"},
        fails=frozenset({"lv-test-route"}),
        says="the right items in another order",
    ),
    Wrong(
        name="sends work somewhere rather than nowhere",
        misconception="A request must never be turned away.",
        cell="lv-route",
        swaps={
            "    return names": (
                "    if not names:\n"
                '        names = [one["name"] for one in instances if one["process_alive"]]\n'
                "    return names"
            )
        },
        fails=frozenset({"lv-test-nobody"}),
        says="['young', 'waiting'], expected []",
    ),
    Wrong(
        name="waits for everything that is not ready",
        misconception="Blocked and draining instances will come round by themselves.",
        cell="lv-action",
        swaps={'blocked": "check-dependency"': 'blocked": "wait"', 'draining": "let-it-finish"': 'draining": "wait"'},
        fails=frozenset({"lv-test-actions"}),
        says="is 'wait', expected 'let-it-finish'",
    ),
    Wrong(
        name="restarts what has ended",
        misconception="A restart is the answer; the question may wait.",
        cell="lv-action",
        swaps={'terminated": "ask-why-it-ended"': 'terminated": "restart"'},
        fails=frozenset({"lv-test-actions"}),
        says="is 'restart', expected 'ask-why-it-ended'",
    ),
    Wrong(
        name="knows one vague word",
        misconception="'running' is vague, but 'down' is clear enough.",
        cell="lv-action",
        swaps={
            '    return actions.get(view, "look-closer")': (
                '    if view == "running":\n        return "look-closer"\n    return actions[view]'
            )
        },
        fails=frozenset({"lv-test-vague"}),
        says="it raised KeyError: 'down'",
    ),
)

RIGHT = (
    Solution(
        name="one expression",
        cell="lv-view",
        code="""
def lifecycle_view(process_alive, ready, draining, dependency_blocked):
    alive = "draining" if draining else "alive_but_blocked" if dependency_blocked else "ready" if ready else "starting"
    return alive if process_alive else "terminated"
""",
    ),
    Solution(
        name="a table of questions",
        cell="lv-view",
        code="""
def lifecycle_view(process_alive, ready, draining, dependency_blocked):
    answers = {
        "terminated": not process_alive,
        "draining": draining,
        "alive_but_blocked": dependency_blocked,
        "ready": ready,
    }
    return next((word for word, applies in answers.items() if applies), "starting")
""",
    ),
    Solution(
        name="thinks aloud on stderr",
        cell="lv-view",
        swaps={
            "    if not process_alive:": (
                "    import sys\n"
                "    import warnings\n\n"
                '    print("asking the first question", file=sys.stderr)\n'
                '    warnings.warn("and the second", stacklevel=2)\n'
                "    if not process_alive:"
            )
        },
    ),
    Solution(
        name="signals by keyword",
        cell="lv-route",
        code="""
def route_to(instances):
    def useful(name, **signals):
        return lifecycle_view(**signals) == "ready"

    return [one["name"] for one in instances if useful(**one)]
""",
    ),
    Solution(
        name="match",
        cell="lv-action",
        code="""
def operator_action(view):
    match view:
        case "starting":
            return "wait"
        case "ready":
            return "send-work"
        case "alive_but_blocked":
            return "check-dependency"
        case "draining":
            return "let-it-finish"
        case "terminated":
            return "ask-why-it-ended"
    return "look-closer"
""",
    ),
)
