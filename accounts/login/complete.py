"""The one door: every login through the API ends in `complete_login`."""

from django.db import transaction
from django.utils import timezone

from accounts.errors import AuthenticationFailed
from accounts.mail.notifications import notify
from accounts.mail.queue import MailType
from accounts.models import User
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.http.client import ClientInfo
from sessions_api.http.errors import SessionExpired
from sessions_api.models import Session


def complete_login(user: User, *, method: str, client: ClientInfo) -> tuple[Session, str]:
    """The new session of a user who has just authenticated, and its token. Raises AuthenticationFailed.

    The proof was verified outside any transaction, because a hash must not hold a lock. Meanwhile an administrator may
    have disabled the user, or the password may have changed. So the row is locked and compared before anything is
    written. Every story that disables, deletes or re-keys a user takes the same lock.
    """
    with transaction.atomic():
        user = lock_user_if_unchanged(user)
        User.objects.filter(pk=user.pk).update(last_login=timezone.now())
        session, token = Session.objects.start(user, method=method, client=client)
        login = Event.objects.record(Tag.LOGIN, user, client=client, session=session.pk, method=method)
        if is_new_device(login):
            notify(user, MailType.NEW_DEVICE, client=client)
        return session, token


def complete_reauthentication(session: Session, *, method: str, client: ClientInfo) -> str:
    """The new token of a session whose user has just authenticated again, under the same lock as a login.

    Raises SessionExpired where the session was revoked, or the user disabled or re-keyed, meanwhile.
    """
    with transaction.atomic():
        user = lock_user_of_session(session)
        token = renew(session)
        Event.objects.record(Tag.REAUTHENTICATED, user, client=client, session=session.pk, method=method)
    return token


def renew(session: Session) -> str:
    """The new token of this session. Raises SessionExpired where the session was revoked meanwhile."""
    if (token := session.renew()) is None:
        raise SessionExpired
    return token


def lock_user_if_unchanged(user: User) -> User:
    """The user as the database has them now, the row locked.

    Raises AuthenticationFailed unless the user is active and has the same password. Call it inside a transaction.
    """
    unchanged: User | None = User.objects.filter(pk=user.pk, password=user.password, is_active=True).lock().first()
    if unchanged is None:
        raise AuthenticationFailed
    return unchanged


def lock_user_of_session(session: Session) -> User:
    """The same for the user of a session. Raises SessionExpired: stories that disable or re-key users revoke sessions.

    Call it inside a transaction.
    """
    try:
        return lock_user_if_unchanged(session.user)
    except AuthenticationFailed:
        raise SessionExpired from None


def is_new_device(login: Event) -> bool:
    """Whether the user has logged in before, but never with a device of this name. A first login has no new device."""
    logins = (Tag.LOGIN, Tag.ADMIN_LOGIN)
    before = Event.objects.filter(user=login.user, tag__in=logins).exclude(pk=login.pk)
    return not before.filter(device=login.device).exists() and before.exists()
