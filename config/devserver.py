"""`python -m config.devserver`, behind `make run`: checks, migrations and granian on this machine, not in the image."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import NoReturn

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import Error, connection

from config.health import faults, migrated, writable

HOST = "127.0.0.1"
SERVER = (sys.executable, "-m", "config.server", "--log-level", "error")
HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}  # for password hashes: docs/deployment.md
GRACE = 5  # seconds that granian gives requests under way; a mail or a provider may take longer


def main() -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    read_settings()
    require_free(settings.PORT)
    sys.exit(serve(settings.PORT, has_admin=prepare_database()))


def leave(*_: object) -> NoReturn:
    sys.exit(0)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def read_settings() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        django.setup()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    wrong = [message.msg for message in run_checks() if message.is_serious() and not message.is_silenced()]
    if wrong:
        sys.exit(" ".join(wrong))


def require_free(port: int) -> None:
    """Granian itself would share the port with another granian."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        sys.exit(f"Port {port} cannot be used: {os.strerror(error.errno or 0)}. `PORT=8001 make run` uses another.")


def prepare_database() -> bool:
    """Migrate it; True if there is an administrator."""
    try:
        if wrong := faults():
            sys.exit(" ".join(wrong))
        if not migrated():
            say("Applying migrations")
            call_command("migrate", verbosity=0, interactive=False)
        writable()
        return get_user_model().objects.filter(is_superuser=True).exists()
    except (Error, ImproperlyConfigured) as error:
        reason = str(error).partition("\n")[0]
        sys.exit(f"The database of DATABASE_URL cannot be used: {reason}")
    finally:
        connection.close()


def serve(port: int, *, has_admin: bool) -> int:
    """Run granian until it ends or a signal arrives. The exit code of a granian that ended by itself."""
    command = [*SERVER, "--host", HOST, "--port", str(port), "--workers", "1", "--workers-kill-timeout", str(GRACE)]
    # In a process group of its own: Ctrl-C reaches only this process, which then ends granian.
    child = subprocess.Popen(command, env=HUGE_PAGES | os.environ, process_group=0)  # noqa: S603
    try:
        if wait_until_ready(child, port):
            greet(has_admin)
        code = child.wait()
    finally:
        end(child)
    say(f"The server ended with exit code {code}.")
    return code


def wait_until_ready(child: "subprocess.Popen[bytes]", port: int) -> bool:
    """False if granian ended instead."""
    while child.poll() is None:
        with suppress(OSError):
            socket.create_connection((HOST, port), timeout=5).close()
            return True
        time.sleep(0.1)
    return False


def greet(has_admin: bool) -> None:
    say("Latchkey is ready; Ctrl-C ends it.")
    if settings.PAGES:
        say(f"  Register, log in  {settings.PUBLIC_URL}/")
    say(f"  API               {settings.PUBLIC_URL}/api/")
    say(f"  Documentation     {settings.PUBLIC_URL}/api/docs")
    if not settings.ADMIN_ENABLED:
        return
    say(f"  Admin             {settings.ADMIN_ORIGIN}/admin/")
    if not has_admin:
        say(f"  The first administrator:  {os.path.relpath(sys.executable)} manage.py createsuperuser")


def end(child: "subprocess.Popen[bytes]") -> None:
    """Granian ends its worker. A second Ctrl-C ends both at once, as it does for a worker that lost its granian."""
    try:
        child.terminate()
        child.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
