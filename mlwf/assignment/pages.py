"""Templates of the pages that others open: the key, the class report, the feedback."""

from jinja2 import Environment, PackageLoader, StrictUndefined


def environment(package: str, folder: str = ".") -> Environment:
    """Return an environment for the templates in a folder of a package.

    Values are escaped, for students write some of them, and a name that a template misspells is an error instead of nothing.
    """
    return Environment(
        loader=PackageLoader(package, folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
