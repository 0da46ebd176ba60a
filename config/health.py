"""The probes of a load balancer: is the process alive, and can it do its work?"""

import logging
from collections.abc import Callable
from functools import cache, lru_cache
from time import monotonic

from django.core.cache import cache as shared_cache
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from sessions_api.http.errors import ServiceUnavailable

logger = logging.getLogger(__name__)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """503 without a database that has the migrations, can be written to, and has no error of its checks.

    Sessions work without the cache, so its loss only says `degraded`.
    """
    if not (works(migrated) and works(writable) and works(suitable)):
        return ServiceUnavailable().response()
    return JsonResponse({"status": "ok" if works(cached) else "degraded"})


def works(part: Callable[[], bool]) -> bool:
    try:
        return part()
    except Exception as failure:  # drivers raise exceptions of many kinds, and each means: not ready
        said = str(failure).partition("\n")[0]  # the other lines of PostgreSQL's may quote values
        logger.warning("Not ready: %s failed with %s: %s", part.__name__, type(failure).__name__, said)
        return False


def migrated() -> bool:
    """True also for a database with newer migrations, as during the deployment of the next release."""
    return needed() <= MigrationRecorder(connections[DEFAULT_DB_ALIAS]).applied_migrations().keys()


@cache
def needed() -> frozenset[tuple[str, str]]:
    """The app and the name of each migration of this release. To read their files takes longer than all the rest."""
    return frozenset(MigrationLoader(None).graph.nodes)


def writable() -> bool:
    """True, or raises django.db.Error on a standby, and on a server that became read-only. Changes no row."""
    MigrationRecorder(connections[DEFAULT_DB_ALIAS]).migration_qs.filter(pk=0).update(app="")
    return True


def suitable() -> bool:
    """True, or raises Unsuitable or django.db.Error. The answer True is remembered for up to a minute."""
    return has_no_faults(int(monotonic() // 60))


@lru_cache(maxsize=1)  # which remembers no exception: a repair counts at once
def has_no_faults(minute: int) -> bool:
    """These questions cost as much as all others of a probe, and their answers change seldom. Raises as `suitable`."""
    if wrong := faults():
        raise Unsuitable(" ".join(wrong))
    return True


class Unsuitable(Exception):
    """The database has errors of its checks; they are the text."""


def faults() -> list[str]:
    """The errors of `check --database default`, each with what repairs it. Raises django.db.Error."""
    found = connections[DEFAULT_DB_ALIAS].validation.check()
    return [f"{message.msg} {message.hint}" for message in found if message.is_serious()]


def cached() -> bool:
    shared_cache.set("readyz", 1, timeout=60)
    return shared_cache.get("readyz") == 1
