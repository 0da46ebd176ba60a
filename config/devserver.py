"""`python -m config.serve`, behind `make run`: the service for somebody at this machine. The image needs none of it."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from typing import NoReturn

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

HOST = "127.0.0.1"
GRANIAN = (sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--http", "1", "--log-level", "error")
GRACE = 10  # seconds for requests under way once the end was asked for


def main() -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    read_settings()
    port = free_port()
    sys.exit(serve(port, has_admin=prepare_database()))


def leave(*_: object) -> NoReturn:
    sys.exit(0)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def read_settings() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        _ = settings.SECRET_KEY  # the first question is what reads them
    except (ImproperlyConfigured, OSError) as error:
        sys.exit(str(error))
    except (OverflowError, ValueError) as error:
        sys.exit(f"A setting has a value that it cannot have: {line_of(error)}")
    django.setup()
    wrong = [message.msg for message in run_checks() if message.is_serious() and not message.is_silenced()]
    if wrong:
        sys.exit(" ".join(wrong))


def line_of(error: Exception) -> str:
    """The line of settings.py, which names the setting: the error repeats the value, and that may be a secret."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    return next(frame.line or "" for frame in frames if frame.name == "<module>")


def free_port() -> int:
    """PORT, if nobody listens there: granian itself would share the port with another granian."""
    port: int = settings.PORT
    if not 1 <= port <= 65535:
        sys.exit("PORT is a number from 1 to 65535.")
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        sys.exit(f"Port {port} cannot be used: {os.strerror(error.errno or 0)}. PORT=8001 make run takes another.")
    return port


def prepare_database() -> bool:
    """Migrates it; True if there is an administrator."""
    connection.settings_dict["OPTIONS"].pop("pool", None)  # it would keep the reason to itself, and wait
    try:
        migrate()
        return get_user_model().objects.filter(is_superuser=True).exists()
    except (Error, ImproperlyConfigured) as error:
        sys.exit(f"The database of DATABASE_URL cannot be used: {reason(error)}")
    finally:
        connection.close()


def migrate() -> None:
    executor = MigrationExecutor(connection)
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say(f"Applying {len(plan)} migrations")
        call_command("migrate", verbosity=0, interactive=False)


def reason(error: Exception) -> str:
    first = str(error).partition("\n")[0].strip()
    password = connection.settings_dict["PASSWORD"]
    return first.replace(password, "…") if password else first


def serve(port: int, *, has_admin: bool) -> int:
    """Until it ends, or is asked to; returns the exit code of a server that ended by itself."""
    child = start(port)
    try:
        if wait_until_ready(child, port):
            greet(has_admin)
        code = child.wait()
    finally:
        end(child)
    say(f"The server ended with exit code {code}.")
    return code


def start(port: int) -> "subprocess.Popen[bytes]":
    """In a group of its own: Ctrl-C is for this process, which asks the server once, and in its own time."""
    where = ("--host", HOST, "--port", str(port), "--workers", "1", "--blocking-threads", str(settings.THREADS))
    return subprocess.Popen([*GRANIAN, *where, "config.wsgi:application"], process_group=0)  # noqa: S603


def wait_until_ready(child: "subprocess.Popen[bytes]", port: int) -> bool:
    """False if it ended instead."""
    while child.poll() is None:
        if is_ready(port):
            return True
        time.sleep(0.1)
    return False


def is_ready(port: int) -> bool:
    client = http.client.HTTPConnection(HOST, port, timeout=5)  # unlike urllib, it knows no proxies
    try:
        client.request("GET", "/readyz")
        return client.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()


def greet(has_admin: bool) -> None:
    say("Latchkey is ready; Ctrl-C ends it.")
    say(f"  API            {settings.PUBLIC_URL}/api/")
    say(f"  Documentation  {settings.PUBLIC_URL}/api/docs")
    if not settings.ADMIN_ENABLED:
        return
    say(f"  Admin          {settings.PUBLIC_URL}/admin/")
    if not has_admin:
        say(f"  The first administrator:  {os.path.relpath(sys.executable)} manage.py createsuperuser")


def end(child: "subprocess.Popen[bytes]") -> None:
    """In peace; by force where it takes too long, after a second Ctrl-C, or for workers that have lost their parent."""
    try:
        ask_to_end(child)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


def ask_to_end(child: "subprocess.Popen[bytes]") -> None:
    """Each second anew, and the whole group: a worker that is still starting misses the first time."""
    child.terminate()
    for _ in range(GRACE):
        with suppress(subprocess.TimeoutExpired):
            child.wait(1)
            return
        os.killpg(child.pid, signal.SIGTERM)


if __name__ == "__main__":
    main()
