"""`python -m tombola` is the command."""

from ._command import main

main()
