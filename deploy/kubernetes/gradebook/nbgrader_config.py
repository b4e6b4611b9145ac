"""Where the gradebook is; read in an instructor's pod alone, beside the settings of deploy/hub/grader."""

c = get_config()  # noqa: F821 - nbgrader puts it here

# Host, user and password stand in a service file of PostgreSQL's, which PGSERVICEFILE names: in no configuration, no list of
# processes and no environment, so that they can't get into a log or a notebook by mistake.
c.CourseDirectory.db_url = "postgresql+psycopg:///?service=gradebook"
