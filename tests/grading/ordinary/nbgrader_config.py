"""Settings of a course that has nothing to do with ours; nbgrader reads this file when it is started in this folder."""

c = get_config()  # noqa: F821 - nbgrader puts it here

c.CourseDirectory.course_id = "weather_101"
c.Execute.timeout = 20
c.Execute.iopub_timeout = 60  # for what an interrupted cell still has to say; with 4 seconds a busy machine fails it
c.LimitOutput.max_lines = 30
c.LimitOutput.max_traceback = 12
c.IgnorePattern.pattern = "FutureWarning"
c.IgnorePattern.enabled = True
c.AssignLatePenalties.plugin_class = "late.PointAnHour"
c.Autograde.exclude_overwriting = {"weather": ["helpers.py"]}
