"""Wrong and alternative solutions of the drain exercise."""

from __future__ import annotations

from tests.wrong_solutions.bank import Solution, Wrong

__all__ = ["RIGHT", "WRONG"]

_ALL_STEPS = frozenset(
    {
        "dr-test-serving",
        "dr-test-first-stop",
        "dr-test-refuse",
        "dr-test-one-deadline",
        "dr-test-end-clean",
        "dr-test-kill",
        "dr-test-cut",
        "dr-test-second-stop",
        "dr-test-over",
    }
)
_GIVE_UP = 'if time_is_up or (kind == "stop" and phase == "draining"):'
_DEADLINE = 'event["at"] + event["grace_s"]'
_DONE = '        state["outcomes"][event["work"]] = "done"\n'

WRONG = (
    Wrong(
        name="only done is accounted for",
        misconception="Work that was refused or requeued is lost.",
        cell="dr-lost",
        code="""
def lost_work(arrived, state):
    return [name for name in arrived if name not in state["in_flight"] and state["outcomes"].get(name) != "done"]
""",
        fails=frozenset({"dr-test-lost"}),
        says="[every-piece-is-accounted-for]",
    ),
    Wrong(
        name="in flight is as good as lost",
        misconception="What is not finished yet has to be counted as lost.",
        cell="dr-lost",
        code="""
def lost_work(arrived, state):
    return [name for name in arrived if name not in state["outcomes"]]
""",
        fails=frozenset({"dr-test-lost"}),
        says="['b'], expected []",
    ),
    Wrong(
        name="new work goes first",
        misconception="The order in which work is kept does not matter.",
        cell="dr-drain",
        swaps={'state["in_flight"].append(event["work"])': 'state["in_flight"].insert(0, event["work"])'},
        fails=frozenset({"dr-test-serving"}),
        says="[serving-accepts]",
    ),
    Wrong(
        name="accepts while draining",
        misconception="As long as there is time, there is time for more.",
        cell="dr-drain",
        swaps={'kind == "work" and phase == "serving"': 'kind == "work" and phase != "terminated"'},
        fails=frozenset({"dr-test-refuse"}),
        says="[refuse-while-leaving]",
    ),
    Wrong(
        name="nobody answers after the end",
        misconception="What arrives after the end is nobody's business.",
        cell="dr-drain",
        swaps={'elif kind == "work":': 'elif kind == "work" and phase == "draining":'},
        fails=frozenset({"dr-test-refuse"}),
        says="answer['state']['outcomes'] has no key 'c', expected 'refused' there",
    ),
    Wrong(
        name="the grace is the deadline",
        misconception="grace_s is a point in time.",
        cell="dr-drain",
        swaps={_DEADLINE: 'event["grace_s"]'},
        fails=frozenset({"dr-test-first-stop", "dr-test-end-clean"}),
        says="answer['state']['deadline'] is 30.0, expected 130.0",
    ),
    Wrong(
        name="a grace for each piece",
        misconception="Two pieces need twice the time.",
        cell="dr-drain",
        swaps={_DEADLINE: 'event["at"] + event["grace_s"] * max(1, len(state["in_flight"]))'},
        fails=frozenset({"dr-test-first-stop"}),
        says="[deadline-from-the-first-stop]",
    ),
    Wrong(
        name="every finished piece buys time",
        misconception="Who makes progress deserves more time.",
        cell="dr-drain",
        swaps={
            _DONE: (
                _DONE
                + '        if state["deadline"] is not None:\n            state["deadline"] = event["at"] + 30.0\n'
            )
        },
        fails=frozenset({"dr-test-one-deadline", "dr-test-end-clean", "dr-test-over"}),
        says="answer['state']['deadline'] is 140.0, expected 130.0",
    ),
    Wrong(
        name="a little extra at the end",
        misconception="So close to the end, five more seconds do no harm.",
        cell="dr-drain",
        swaps={
            _DONE: (
                _DONE
                + '        if phase == "draining" and state["in_flight"] and state["deadline"] - event["at"] < 5:\n'
                '            state["deadline"] = event["at"] + 5\n'
            )
        },
        fails=frozenset({"dr-test-one-deadline"}),
        says="answer['state']['deadline'] is 134.5, expected 130.0",
    ),
    Wrong(
        name="an idle unit waits for its deadline",
        misconception="Only finishing a piece can end a drain.",
        cell="dr-drain",
        swaps={
            'state["phase"] == "draining" and not state["in_flight"]': (
                'kind == "finished" and state["phase"] == "draining" and not state["in_flight"]'
            )
        },
        fails=frozenset({"dr-test-end-clean"}),
        says="answer['state']['phase'] is 'draining', expected 'terminated'",
    ),
    Wrong(
        name="the deadline is a moment",
        misconception="A clock shows every second, so the deadline will be met exactly.",
        cell="dr-drain",
        swaps={'event["at"] >= state["deadline"]': 'event["at"] == state["deadline"]'},
        fails=frozenset({"dr-test-kill"}),
        says="'at': 131.0",
    ),
    Wrong(
        name="never kills",
        misconception="It will finish if one only waits.",
        cell="dr-drain",
        swaps={_GIVE_UP: 'if kind == "stop" and phase == "draining":'},
        fails=frozenset({"dr-test-kill", "dr-test-cut"}),
        says="[kill-at-the-deadline]",
    ),
    Wrong(
        name="the first stop is taken for the second",
        misconception="After the phase has changed, the same event is still the first stop request.",
        cell="dr-drain",
        swaps={_GIVE_UP: 'if time_is_up or (kind == "stop" and state["phase"] == "draining"):'},
        fails=frozenset({"dr-test-first-stop"}),
        says="answer['state']['phase'] is 'terminated', expected 'draining'",
    ),
    Wrong(
        name="a second stop starts the drain again",
        misconception="Each stop request brings a grace of its own.",
        cell="dr-drain",
        swaps={
            'kind == "stop" and phase == "serving"': 'kind == "stop" and phase != "terminated"',
            _GIVE_UP: "if time_is_up:",
        },
        fails=frozenset({"dr-test-second-stop", "dr-test-cut"}),
        says="answer['state']['phase'] is 'draining', expected 'terminated'",
    ),
    Wrong(
        name="a longer second grace counts",
        misconception="A second stop request may also mean: take your time.",
        cell="dr-drain",
        swaps={
            _GIVE_UP: (
                f'longer = kind == "stop" and phase == "draining" and {_DEADLINE} > state["deadline"]\n'
                "    if longer:\n"
                f'        state["deadline"] = {_DEADLINE}\n'
                '    elif time_is_up or (kind == "stop" and phase == "draining"):'
            )
        },
        fails=frozenset({"dr-test-second-stop"}),
        says="'grace_s': 60.0",
    ),
    Wrong(
        name="a second stop always requeues",
        misconception="Cutting is for deadlines; a second stop can still put things back.",
        cell="dr-drain",
        swaps={'if state["can_requeue"] else': 'if state["can_requeue"] or kind == "stop" else'},
        fails=frozenset({"dr-test-cut"}),
        says="'requeued', expected 'cut'",
    ),
    Wrong(
        name="cut work has no outcome",
        misconception="Work that fails needs no entry.",
        cell="dr-drain",
        swaps={'            state["outcomes"][name] = outcome\n': ""},
        fails=frozenset({"dr-test-kill", "dr-test-cut", "dr-test-second-stop"}),
        says="answer['state']['outcomes'] has no key 'a', expected 'requeued' there",
    ),
    Wrong(
        name="kills before it gives back",
        misconception="The order of the actions does not matter.",
        cell="dr-drain",
        swaps={
            "        for name in": '        actions.append("kill")\n        for name in',
            '"killed"\n        actions.append("kill")': '"killed"',
        },
        fails=frozenset({"dr-test-kill", "dr-test-cut", "dr-test-second-stop"}),
        says="the right items in another order",
    ),
    Wrong(
        name="counts pieces nobody knows",
        misconception="News of finished work is good news, wherever it comes from.",
        cell="dr-drain",
        swaps={
            'event["work"] in state["in_flight"]': 'event["work"] not in state["outcomes"]',
            'state["in_flight"].remove(event["work"])': (
                'state["in_flight"] = [name for name in state["in_flight"] if name != event["work"]]'
            ),
        },
        fails=frozenset({"dr-test-over"}),
        says="[over-is-over]",
    ),
    Wrong(
        name="stale news raises",
        misconception="News about unknown work is an error.",
        cell="dr-drain",
        swaps={'kind == "finished" and event["work"] in state["in_flight"]:': 'kind == "finished":'},
        fails=frozenset({"dr-test-over"}),
        says="it raised ValueError: list.remove(x): x not in list",
    ),
    Wrong(
        name="returns the state alone",
        misconception="The state is the answer.",
        cell="dr-drain",
        swaps={'return {"state": state, "actions": actions}': "return state"},
        fails=_ALL_STEPS,
        says="the answer has no key 'state'",
    ),
    Wrong(
        name="actions as a tuple",
        misconception="A tuple is a list that cannot change.",
        cell="dr-drain",
        swaps={'"actions": actions}': '"actions": tuple(actions)}'},
        fails=_ALL_STEPS,
        says="answer['actions'] is ('accept a',), a tuple, expected a list",
    ),
)

RIGHT = (
    Solution(
        name="a match with one branch for each kind of event",
        cell="dr-drain",
        code="""
def drain_next(state, event):
    after = {**state, "in_flight": list(state["in_flight"]), "outcomes": dict(state["outcomes"])}
    actions = []

    def end(how, action):
        after.update(phase="terminated", ended=how, in_flight=[])
        actions.append(action)

    def give_up():
        word = "requeue" if state["can_requeue"] else "cut"
        for name in state["in_flight"]:
            after["outcomes"][name] = {"requeue": "requeued", "cut": "cut"}[word]
            actions.append(f"{word} {name}")
        end("killed", "kill")

    match event["kind"], state["phase"]:
        case "work", "serving":
            after["in_flight"].append(event["work"])
            actions.append("accept " + event["work"])
        case "work", _:
            after["outcomes"][event["work"]] = "refused"
            actions.append("refuse " + event["work"])
        case "finished", ("serving" | "draining") as phase if event["work"] in state["in_flight"]:
            after["in_flight"].remove(event["work"])
            after["outcomes"][event["work"]] = "done"
            if phase == "draining" and not after["in_flight"]:
                end("clean", "exit")
        case "stop", "serving":
            after.update(phase="draining", deadline=event["at"] + event["grace_s"])
            actions.append("close-route")
            if not after["in_flight"]:
                end("clean", "exit")
        case "stop", "draining":
            give_up()
        case "tick", "draining" if event["at"] >= state["deadline"]:
            give_up()
    return {"actions": actions, "state": after}
""",
    ),
    Solution(
        name="a deep copy",
        cell="dr-drain",
        swaps={
            'state = {**state, "in_flight": [*state["in_flight"]], "outcomes": {**state["outcomes"]}}': (
                "import copy\n\n    state = copy.deepcopy(state)"
            )
        },
    ),
    Solution(
        name="sets",
        cell="dr-lost",
        code="""
def lost_work(arrived, state):
    known = set(state["in_flight"]) | state["outcomes"].keys()
    return [name for name in arrived if name not in known]
""",
    ),
)
