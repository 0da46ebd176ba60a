from typing import Any

from accounts.mail.models import Link, QueuedMail
from accounts.single_use.once import purge
from accounts.social.models import Handover
from sessions_api.management.commands.purge_sessions import Command as PurgeSessions


class Command(PurgeSessions):
    """What sign-ins and mails leave behind goes with the sessions: INSTALLED_APPS has this one before the other."""

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        super().handle(dry_run=dry_run, **options)
        if not dry_run:
            purge()
            Handover.objects.expired().delete()
            Link.objects.expired().delete()
            QueuedMail.objects.given_up().delete()
