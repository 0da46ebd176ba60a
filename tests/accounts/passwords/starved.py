"""A process in which hashing gets no memory or no thread: how a login with the right password ends, as JSON.

`python -m tests.accounts.passwords.starved memory|lanes|threads`. One limit for each process, for it holds for good.
"""

import json
import os
import re
import resource
import sys
from pathlib import Path

import django

MIB = 1024**2


def limit(what):
    if what == "memory":  # 20 MiB are left, and a hash needs 64
        size = int(re.search(r"VmSize:\s+(\d+)", Path("/proc/self/status").read_text())[1]) * 1024
        resource.setrlimit(resource.RLIMIT_AS, (size + 20 * MIB,) * 2)
        return
    "x".encode("unicode_escape")  # Django's log needs this module, which another user may not read
    if os.getuid() == 0:
        os.setuid(65534)  # the system does not count the threads of root
    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))


def main(what):
    from accounts import hash_pool
    from accounts.login.models import LoginFailures
    from accounts.mail.queue import QueuedMail
    from accounts.models import User
    from sessions_api.events.models import Event
    from tests.users import ApiClient

    api, answers = ApiClient(), []
    api.register("alice@example.org")
    Event.objects.all().delete()
    QueuedMail.objects.all().delete()
    if what == "lanes":
        hash_pool.leave_one_core = lambda: limit(what)  # in the thread that hashes, before its lanes
    else:
        limit(what)
    for email in ("alice@example.org", "unknown@example.org"):
        answer = api.login(email)
        answers.append([answer.status_code, answer.json()["error_code"]])
    counted = [model.objects.count() for model in (LoginFailures, Event, QueuedMail)]
    sys.stdout.write(json.dumps({"answers": answers, "counted": counted, "users": User.objects.count()}))


if __name__ == "__main__":
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    main(sys.argv[1])
