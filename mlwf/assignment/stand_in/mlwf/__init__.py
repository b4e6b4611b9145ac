"""Stands in for the package mlwf where answers are to be derived by hand: what the given cells use is there, and nothing else."""

import sys
from importlib.abc import MetaPathFinder

SENTENCE = "The package mlwf may not be used here: answers are to be derived by hand."


class Refusing(MetaPathFinder):
    """Says why there is no other module of mlwf, instead of only that there is none."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Refuse every module of mlwf but the one that the given cells import."""
        if name.startswith("mlwf.") and name != "mlwf.assignment":
            raise ImportError(SENTENCE, name=name)


sys.meta_path.insert(0, Refusing())
