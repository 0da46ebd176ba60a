#!/bin/sh
# Django 5.2.19 keeps one connection for each thread, in a thread-local. It stays open after its thread has ended: the
# wrapper refers to itself in circles, so only the garbage collector closes it. Servers whose threads come and go
# therefore hold more connections than they have threads.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check Django==5.2.19
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import gc
import os
import threading

import django
from django.conf import settings
from django.db import connection

print("Django", django.__version__)
print("claim: five threads that have ended leave five open connections, until gc.collect()")
store = {"ENGINE": "django.db.backends.sqlite3", "NAME": "store.sqlite3", "CONN_MAX_AGE": None}
settings.configure(DATABASES={"default": store})
django.setup()


def ask():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def open_connections():
    files = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
    return sum(os.path.realpath(file).endswith("store.sqlite3") for file in files)


gc.disable()  # a collection may come at any moment, and seldom does in a process that has frozen its modules
for _ in range(5):
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
print("threads:", threading.active_count(), "open connections:", open_connections())
assert (threading.active_count(), open_connections()) == (1, 5)
gc.collect()
print("after gc.collect():", open_connections())
assert open_connections() == 0
PYTHON
