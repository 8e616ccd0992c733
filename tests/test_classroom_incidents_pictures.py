"""Incidents as pictures: what is seen, nothing of what comes later, and a change beside it."""

from __future__ import annotations

import pytest

from lifecycle_kit.classroom.incidents.kinds import KINDS
from lifecycle_kit.classroom.incidents.make import incident
from lifecycle_kit.classroom.incidents.pictures import beside, picture, seen

every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_every_kind_can_be_seen_and_its_picture_does_not_name_the_cause(kind: str) -> None:
    one = incident(kind, 2)
    drawn = seen(one)
    assert one.title in str(drawn)
    assert kind not in str(drawn)


def test_a_picture_ends_where_the_incident_is_shown() -> None:
    one = incident("leak", 2)
    assert "13 restarts" in seen(one).text
    assert "21 restarts" in beside(one, {"version": "3.4"}).text


def test_a_change_stands_beside_what_was() -> None:
    text = picture("s133", 2, {"lifecycle.preStop.sleep.seconds": 6}).text
    before, _, after = text.partition("with the change:")
    assert "200 failed" in before
    assert "none failed" in after


def test_a_picture_of_nothing_is_refused_with_the_way_out() -> None:
    with pytest.raises(ValueError, match="there is no incident 4; there are 1 to 3"):
        picture("s133", 4)
    with pytest.raises(ValueError, match="no setting here is called 'replica'"):
        picture("s133", 1, {"replica": 4})
