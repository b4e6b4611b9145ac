"""`python -m mlwf` is `mlwf`."""

from mlwf.cli import main

main()
