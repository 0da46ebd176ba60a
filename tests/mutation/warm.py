"""All that the tests of a mutant need and no mutant changes: the process that forks for each mutant makes it once."""

import importlib
import os
import signal
import sqlite3
import sys
import warnings
from functools import cache
from multiprocessing.context import ForkProcess

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
importlib.import_module("tests.services")  # sets the environment
sys.modules.pop("tests.services")  # pytest loads it as a plugin, and wants to be the first

import django  # noqa: E402
import uvicorn  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402

from tests.accounts.social import forger  # noqa: E402

with warnings.catch_warnings(action="ignore"):
    import oidc_provider_mock

django.setup()
importlib.import_module("config.urls")
forger.key()  # of RSA, which takes its time
provider = oidc_provider_mock.app()


@cache
def migrated() -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    call_command("migrate", verbosity=0)
    connection.connection.backup(copy)
    BaseDatabaseWrapper.close(connection)  # Django's SQLite keeps a database in memory open
    return copy


class Provider(ForkProcess):
    """The provider of the tests. A fork of this process imports nothing."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.start()

    def run(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # mutmut's handler ends the processes of other mutants
        os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback
        warnings.simplefilter("ignore")
        uvicorn.run(provider, interface="wsgi", port=self.port, log_config=None)

    def poll(self) -> int | None:
        return self.exitcode

    def wait(self, seconds: float) -> None:
        self.join(seconds)
