"""The one door: every way of logging in ends in `finish_login`."""

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.errors import AuthenticationFailed, InvalidPassword
from accounts.mail.models import Letter
from accounts.mail.notifications import notify
from accounts.models import User
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.http.errors import SessionExpired
from sessions_api.models import Session
from sessions_api.ratelimit import limits as rate_limits

from .lockout import Attempts


def login_with_password(*, email: str, password: str, request: HttpRequest) -> tuple[Session, str]:
    """A session and its token. Raises AuthenticationFailed, after the same work, whatever the reason; RateLimited,
    before any of it; or ServerBusy.

    `email` is canonical. A stranger learns neither from the answer nor from its time who has an account; from its
    time only where the stored hash has the parameters of today, so raise them when the hour is quiet.
    """
    return finish_login(prove(email, password, request), method=Session.Method.PASSWORD, request=request)


def prove(email: str, password: str, request: HttpRequest, *, staff: bool = False) -> User:
    """Whose address and password these are; the one place where a stranger's password is compared.

    Where only `staff` may come in, all others are refused like a wrong password, and counted like one: else that
    door would tell which of them are right.
    """
    rate_limits.check(rate_limits.LOGIN, request)
    user = User.objects.filter(email=email).first() or User()  # nobody has no usable hash, and costs as much
    if not is_proven(user, email, password, request, Tag.LOGIN_FAILED, staff=staff):
        raise AuthenticationFailed
    return user


def is_proven(
    user: User,
    email: str,
    password: str,
    request: HttpRequest,
    failure: Tag,
    session: UUID | None = None,
    *,
    staff: bool = False,
) -> bool:
    """Whether this is the password of this account. Raises RateLimited before any hashing, or ServerBusy."""
    attempts = Attempts(user, email, request, session)
    with attempts.turn():
        rate_limits.check(rate_limits.PASSWORD, request, account=attempts.account)
        right = user.check_password(password)
    if not right or not user.is_active or attempts.are_shut or (staff and not user.is_staff):
        with transaction.atomic():  # the same statements for nobody as for somebody
            person = User.objects.filter(pk=user.pk).lock().first()
            Event.objects.record(failure, person, request=request, session=session)
            attempts.fail(person)
        attempts.nobody.fail()  # the store may be slow: nobody's row is locked meanwhile
        return False
    attempts.succeed()
    rate_limits.reset(rate_limits.PASSWORD, request, account=attempts.account)
    return True


def reauthenticate_with_password(session: Session, password: str, request: HttpRequest) -> str:
    """The new token of this session. Raises InvalidPassword, or SessionExpired where it has ended meanwhile;
    RateLimited or ServerBusy."""
    prove_again(session, password, request)
    return finish_reauthentication(session, method=Session.Method.PASSWORD, request=request)


def prove_again(session: Session, password: str, request: HttpRequest) -> None:
    """Raises InvalidPassword unless it is that of whoever has this session; RateLimited or ServerBusy."""
    user = session.user
    if not is_proven(user, user.email, password, request, Tag.REAUTHENTICATION_FAILED, session.pk):
        raise InvalidPassword


def finish_reauthentication(session: Session, *, method: str, request: HttpRequest) -> str:
    """Renew the session of somebody who has just proven again who they are, under the same lock as a login."""
    with transaction.atomic():
        user = require_still_in(session)
        token = renew(session)
        Event.objects.record(Tag.REAUTHENTICATED, user, request=request, session=session.pk, method=method)
    return token


def renew(session: Session) -> str:
    """The new token of this session. Raises SessionExpired where it has ended meanwhile."""
    if (token := session.renew()) is None:
        raise SessionExpired
    return token


def require_unchanged(user: User) -> User:
    """The person as they are now, their row locked: their address, say, may be another one by now.

    Raises AuthenticationFailed unless they are active, under the password we know of.
    """
    unchanged: User | None = User.objects.filter(pk=user.pk, password=user.password, is_active=True).lock().first()
    if unchanged is None:
        raise AuthenticationFailed
    return unchanged


def require_still_in(session: Session) -> User:
    """The same of whoever has this session. Raises SessionExpired, for what changes a password ends sessions."""
    try:
        return require_unchanged(session.user)
    except AuthenticationFailed:
        raise SessionExpired from None


def finish_login(user: User, *, method: str, request: HttpRequest) -> tuple[Session, str]:
    """Open the session of somebody who has just proven who they are. Raises AuthenticationFailed.

    The proof was checked outside of any lock, so that a hash does not hold one. Meanwhile the person may have
    been disabled or deleted, or their password changed: the row is locked and compared before anything is
    written. Whatever disables, deletes or re-keys a person takes the same lock, so of two that race the later
    one sees what the earlier one did.
    """
    with transaction.atomic():
        user = require_unchanged(user)
        User.objects.filter(pk=user.pk).update(last_login=timezone.now())
        session, token = Session.objects.start(user, method=method, request=request)
        login = Event.objects.record(Tag.LOGIN, user, request=request, session=session.pk, method=method)
        if is_new_device(login):
            notify(user, Letter.NEW_DEVICE, request)
        return session, token


def is_new_device(login: Event) -> bool:
    """Whether the person came in before, and never with such a device. Whoever has just registered came with one."""
    logins = (Tag.LOGIN, Tag.ADMIN_LOGIN)
    before = Event.objects.filter(user=login.user, tag__in=logins).exclude(pk=login.pk)
    return not before.filter(device=login.device).exists() and before.exists()
