"""What nbgrader needs to know about this course: `solutions/` is its source, `exercises/` its release.

Run `nbgrader` in this folder; it finds this file by itself.
"""

from __future__ import annotations

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - nbgrader defines it

c.CourseDirectory.course_id = "lifecycle-kit"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"

# A stub that does nothing lets learners fill in one numbered step and run the function at once; nbgrader's
# own stub raises at the first step that is still open.
c.ClearSolutions.code_stub = {"python": "...  # YOUR CODE HERE"}

# Every cell of the solutions takes well under a second; what takes longer is an endless loop.
c.Execute.timeout = 20
