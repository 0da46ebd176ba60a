"""How an account is deleted."""

from collections.abc import Iterable

from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import F

from sessions_api.events.models import Event, Tag
from sessions_api.http.client import ClientInfo
from sessions_api.models import Session

from .login.lockout import keys_of
from .login.models import LoginFailures
from .mail.models import MailType, OneTimeToken, QueuedMail, TokenType
from .models import User

OBJECT_REPR_LENGTH = 200  # to this length the admin cuts the name of an object in its history


def delete_account(session: Session, *, client: ClientInfo) -> None:
    """Delete the user of this session with all their data, and queue a last mail.

    Each mailbox that could still undo a change of address gets the mail too. A thief may have moved the account, and
    the owner's security alerts are deleted with it. Raises SessionExpired where this session was revoked meanwhile.
    """
    with transaction.atomic():
        User.objects.filter(pk=session.user_id).lock().first()
        session.require_not_revoked()
        user = User.objects.get(pk=session.user_id)
        alerted = user.one_time_tokens.usable().filter(type=TokenType.REVERT).values_list("email", flat=True)
        mailboxes = {user.email, *alerted}
        delete_users([user])
        Event.objects.record(Tag.DELETED, None)
        for email in sorted(mailboxes):
            QueuedMail.objects.enqueue(MailType.DELETED, email=email, ip_address=client.address or "")


def delete_users(users: Iterable[User]) -> int:
    """Delete these users, and their addresses wherever they are stored. Returns the number of deleted users.

    Mails that were queued before the account existed also hold addresses, and so does the administrators' history,
    where only the id remains. Call it in a transaction.
    """
    users = list(users)
    emails, failure_keys = {str(user.pk): user.email for user in users}, keys_of(*users)
    _, deleted = User.objects.filter(pk__in=emails).delete()
    LoginFailures.objects.clear(failure_keys)  # after the users are locked, in the order of a failing login
    for model in (OneTimeToken, QueuedMail):
        model.objects.filter(user=None, email__in=emails.values()).delete()
    history = LogEntry.objects.filter(content_type__app_label=User._meta.app_label, content_type__model="user")
    history.filter(object_id__in=emails).update(object_repr=F("object_id"))
    mails = [str(QueuedMail(type=mail_type, email=email)) for mail_type in MailType for email in emails.values()]
    named = LogEntry.objects.filter(object_repr__in=[mail[:OBJECT_REPR_LENGTH] for mail in mails])
    named.update(object_repr=F("object_id"))
    return deleted.get(User._meta.label, 0)
