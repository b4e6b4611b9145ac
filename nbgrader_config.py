"""nbgrader's settings for this course. nbgrader reads this file when it is started in this folder."""

c = get_config()  # noqa: F821 - nbgrader puts it here; the one in traitlets.config is another object

# Names the course in the exchange and in formgrader. Its assignments need no entry here: each folder in source/ is one.
c.CourseDirectory.course_id = "constraint_tax_course"

# What stands in place of a solution. A comment, and not nbgrader's `raise NotImplementedError()`, so that an untouched
# notebook runs from top to bottom and every check can say in a sentence what is missing.
c.ClearSolutions.code_stub = {"python": "# Your working goes here."}
c.ClearSolutions.text_stub = "*Your memo goes here, in place of this line.*"

# Seconds for one cell. An honest cell takes far less than one; an endless loop costs the grader this long, each time.
c.Execute.timeout = 20

# A cell that prints in a loop would otherwise make a feedback page of many megabytes.
c.LimitOutput.max_lines = 200
c.LimitOutput.max_traceback = 30

# `nbgrader autograde` and formgrader's button run students' code sealed in and mark it as `mlwf grade` does; remove these three
# for nbgrader's own way. What a submission may use is set like c.Sealed.memory_mb = 2048 (docs/grading.md).
c.Autograde.exporter_class = "mlwf.grading.doors.Submission"
c.Autograde.sanitize_preprocessors = ["nbgrader.preprocessors.CheckCellMetadata"]
c.Autograde.autograde_preprocessors = [
    "mlwf.grading.doors.RunSealed",  # in the place of Execute
    "nbgrader.preprocessors.IgnorePattern",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# What students wrote and what their code put out, as Formgrader and nbgrader's own feedback show it: nothing runs, nothing asks elsewhere.
c.HTMLExporter.preprocessors = ["mlwf.grading.harmless.Harmless"]
c.HTMLExporter.filters = {
    "markdown2html": "mlwf.grading.harmless.markdown2html",
    "highlight_code": "mlwf.grading.harmless.highlight_code",
}

# Our feedback page: marks, why, the way with the student's own numbers, and pictures; no script, nothing from the network.
# Notebooks without our questions keep nbgrader's own page. Remove the line to have that for all.
c.GenerateFeedback.exporter_class = "mlwf.course.feedback.FeedbackExporter"
