"""How is glmlr run as a module? `python -m glmlr` is the command `glmlr`."""

from glmlr.cli import main

main()
