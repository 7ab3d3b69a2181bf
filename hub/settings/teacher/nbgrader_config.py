"""nbgrader, for the teacher: the course's own folder, which has more settings in it."""

import os

c = get_config()  # noqa: F821
c.CourseDirectory.root = os.environ["NBGRADER_COURSE"]
