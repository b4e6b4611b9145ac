"""What nbgrader has to know where the course is graded."""

from pathlib import Path

c = get_config()  # noqa: F821 - nbgrader puts it here

# Beside this: STATE/config/grader/nbgrader_config.py, STATE/course.
course = Path(__file__).resolve().parents[2] / "course"
# The course's own settings: its id, how it is graded and what feedback looks like. Read here, because Formgrader on a hub
# does not look into the folder that it is started in.
load_subconfig("nbgrader_config.py", path=str(course))  # noqa: F821 - likewise
c.CourseDirectory.root = str(course)
