"""The Constraint Tax: what a late constraint costs an ML project, as a model, a lab and a graded assignment.

Importing this package loads nothing else: `mlwf.model` is the physics, `mlwf.lab` the notebook's story,
`mlwf.assignment` what the graded cells call, and the `mlwf` command (``mlwf --help``) reaches all of it from a shell.
"""

__version__ = "0.1.0"
