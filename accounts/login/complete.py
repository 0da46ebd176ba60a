"""The one door: every login through the API ends in `complete_login`.

A provider, or the code that brings a session to the front end without a token in a URL, leads to it as well.
"""

from django.db import transaction
from django.db.models import Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.errors import AccountDisabled, AuthenticationFailed, InvalidCode
from accounts.mail.models import MailType
from accounts.mail.notifications import notify
from accounts.models import User
from sessions_api.events.models import Event, EventQuerySet, Tag
from sessions_api.http.client import ClientInfo
from sessions_api.http.errors import SessionExpired
from sessions_api.models import Session

from .lockout import COOL_OFF_FROM
from .models import SessionExchangeCode


def complete_login(user: User, *, method: str, client: ClientInfo, device: str = "") -> tuple[Session, str]:
    """The new session of a user who has just authenticated, and its token. Raises AuthenticationFailed.

    `device` is the mark of a valid device token, or empty.

    A password was verified outside the transaction, because a hash must not hold a lock. Meanwhile an administrator may
    have disabled the user, or the password may have changed. So the row is locked and compared before anything is
    written. Every story that disables, deletes or re-keys a user takes the same lock.
    """
    with transaction.atomic():
        user = lock_user_if_unchanged(user)
        User.objects.filter(pk=user.pk).update(last_login=timezone.now())
        session, token = Session.objects.start(user, method=method, client=client)
        login = Event.objects.record(Tag.LOGIN, user, client=client, session=session.pk, method=method)
        alert_if_unusual(user, login, client=client, known_device=bool(device))
        return session, token


def complete_reauthentication(session: Session, *, method: str, client: ClientInfo) -> str:
    """The new token of a session whose user has just authenticated again, under the same lock as a login.

    Raises SessionExpired where the session was revoked, or the user disabled or re-keyed, meanwhile.
    """
    with transaction.atomic():
        user = lock_user_of_session(session.user)
        token = session.renew()
        Event.objects.record(Tag.REAUTHENTICATED, user, client=client, session=session.pk, method=method)
    return token


def login_with_provider(user: User, *, provider: str, client: ClientInfo) -> tuple[Session, str]:
    """A new session of a user whom a provider has authenticated, and its token.

    Raises AccountDisabled where the user was disabled or deleted, or got another password, meanwhile. The caller
    knows from the provider who the user is, so there is nothing to hide.
    """
    try:
        return complete_login(user, method=provider, client=client)
    except AuthenticationFailed:
        raise AccountDisabled from None


def hand_over(session: Session, *, code_challenge: str) -> str:
    """A code for another session of this user, such as that of a front end whose user logged in at our pages.

    Raises SessionExpired where the session was revoked, or the user disabled or re-keyed, meanwhile.
    """
    with transaction.atomic():
        user = lock_user_of_session(session.user)
        session.require_not_revoked()
        return SessionExchangeCode.objects.issue(user, provider=session.method, code_challenge=code_challenge)


def exchange_code(*, code: str, code_verifier: str, client: ClientInfo) -> tuple[Session, str]:
    """A new session of the user for whom this code was issued, and its token. Raises InvalidCode or AccountDisabled."""
    exchanged = SessionExchangeCode.objects.consume(code, code_verifier)
    return login_with_provider(exchanged.user, provider=exchanged.provider, client=client)


def reauthenticate_with_code(session: Session, *, code: str, code_verifier: str, client: ClientInfo) -> str:
    """The new token of this session, by a code of the same user. The old token is revoked.

    Raises InvalidCode, also for another user's code, or SessionExpired where the session was revoked meanwhile.
    """
    exchanged = SessionExchangeCode.objects.consume(code, code_verifier)
    if exchanged.user != session.user:
        raise InvalidCode
    return complete_reauthentication(session, method=exchanged.provider, client=client)


def lock_user_if_unchanged(user: User) -> User:
    """The user as the database has them now, the row locked.

    Raises AuthenticationFailed unless the user is active and has the same password. Call it inside a transaction.
    """
    unchanged: User | None = User.objects.filter(pk=user.pk, password=user.password, is_active=True).lock().first()
    if unchanged is None:
        raise AuthenticationFailed
    return unchanged


def lock_user_of_session(user: User) -> User:
    """The same for the user of a session. Raises SessionExpired: stories that disable or re-key users revoke sessions.

    Call it inside a transaction.
    """
    try:
        return lock_user_if_unchanged(user)
    except AuthenticationFailed:
        raise SessionExpired from None


def alert_if_unusual(user: User, login: Event, *, client: ClientInfo, known_device: bool = False) -> None:
    """Queue a security alert about a login with a new device, or after many wrong passwords.

    Call it in the transaction of the login, which holds the user's row.
    """
    after_failures = has_many_failures(login)
    if after_failures or (not known_device and is_new_device(login)):
        notify(user, MailType.NEW_DEVICE, client=client, after_failures=after_failures)


def is_new_device(login: Event) -> bool:
    """Whether the user has logged in before, but never with a device of this name from this network.

    A name alone tells little, since a thief can send any. A first login has no new device.
    """
    before = logins_before(login)
    return not before.filter(device=login.device, network=login.network).exists() and before.exists()


def has_many_failures(login: Event) -> bool:
    """Whether so many logins failed since the one before this, wherever they were, that the password may be a guess."""
    last = logins_before(login).order_by("-pk").values("pk")[:1]
    failed = Event.objects.filter(user=login.user, tag=Tag.LOGIN_FAILED, pk__gt=Coalesce(Subquery(last), 0))
    return failed[:COOL_OFF_FROM].count() == COOL_OFF_FROM


def logins_before(login: Event) -> EventQuerySet:
    return Event.objects.filter(user=login.user, tag__in=(Tag.LOGIN, Tag.ADMIN_LOGIN), pk__lt=login.pk)
