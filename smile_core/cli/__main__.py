"""`python -m smile_core.cli`."""

from smile_core.cli import main

main()
