"""The process that forks for each mutant imports this, and all its forks have it."""

import gc
import importlib
import pkgutil
from importlib.metadata import entry_points

from django.test import Client

from . import warm

for plugin in entry_points(group="pytest11"):
    plugin.load()
for package in ("accounts", "config", "sessions_api"):
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        if "migrations" not in module.name:
            importlib.import_module(module.name)
Client().handler.load_middleware()
warm.migrated()
gc.collect()
gc.freeze()  # the garbage collector of a fork passes over all this
