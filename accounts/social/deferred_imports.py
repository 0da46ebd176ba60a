"""Imports that wait until something is used of them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class DeferredModule(ModuleType):
    """Stands for a module in the modules that import it, and imports it at the first use."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is not self:
            return getattr(import_module(self.__name__), name)
        if name.startswith("__"):  # the import system asks for these
            raise AttributeError(name)

        def call(*args: Any, **options: Any) -> Any:
            """Stands for a name in `from module import name`, and for a class in an annotation."""
            return getattr(import_module(self.__name__), name)(*args, **options)

        return call


@contextmanager
def deferred(*names: str) -> Iterator[None]:
    """Modules that are imported in this context get a stand-in for each of these, if it is not imported yet.

    They may call what they import by `from … import`. Whatever else they do with it, as a base class or in `except`,
    needs the module itself.
    """
    stand_ins = {name: DeferredModule(name) for name in names if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]
