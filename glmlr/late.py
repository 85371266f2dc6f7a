"""What is loaded only when it is asked for? Names of modules that most work does without, for `import` to be quick."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class LateMethod:
    """Stands for a method until it is first asked for; its module then binds the method itself in this place."""

    def __init__(self, name: str, module: str) -> None:
        """Keep where the method comes from."""
        self.name, self.module = name, module

    def __get__(self, instance: Any, owner: type) -> Any:
        """Load the module, and give the method it has bound."""
        import_module(self.module)
        if any(vars(one).get(self.name) is self for one in owner.__mro__):
            raise AttributeError(f"{self.module} does not bind {owner.__name__}.{self.name}.")
        return getattr(owner if instance is None else instance, self.name)
