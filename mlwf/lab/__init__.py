"""The lab: its texts (as data in `content/`), the student's progress, and a method for each part of the story."""

from mlwf.lab.lab import Lab

__all__ = ["Lab"]
