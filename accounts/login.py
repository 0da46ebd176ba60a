"""The one door: every way of logging in ends in `finish_login`."""

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from sessions_api import rate_limits
from sessions_api.errors import SessionExpired
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.models import Session

from .errors import AuthenticationFailed, InvalidPassword
from .mail.models import Letter
from .models import User
from .notices import notify


def login_with_password(*, email: str, password: str, request: HttpRequest) -> tuple[Session, str]:
    """A session and its token. Raises AuthenticationFailed, after the same work, whatever the reason; RateLimited,
    before any of it; or ServerBusy.

    `email` is canonical. A stranger learns neither from the answer nor from its time who has an account; from its
    time only where the stored hash has the parameters of today, so raise them when the hour is quiet.
    """
    rate_limits.check(rate_limits.LOGIN, request, account=email)
    user = User.objects.filter(email=email).first() or User()  # nobody has no usable hash, and costs as much
    if not user.check_password(password) or not user.is_active:
        note_failure(Tag.LOGIN_FAILED, user, request)
        raise AuthenticationFailed
    opened = finish_login(user, method=Session.Method.PASSWORD, request=request)
    rate_limits.reset(rate_limits.LOGIN, request, account=email)
    return opened


def note_failure(tag: Tag, user: User, request: HttpRequest, session: UUID | None = None) -> None:
    """The same statements for nobody as for somebody; what nobody typed as an address is not kept."""
    with transaction.atomic():
        person = User.objects.filter(pk=user.pk).lock().first()
        Event.objects.record(tag, person, request=request, session=session)


def reauthenticate_with_password(session: Session, password: str, request: HttpRequest) -> str:
    """The new token of this session. Raises InvalidPassword, or SessionExpired where it has ended meanwhile;
    RateLimited or ServerBusy."""
    rate_limits.check(rate_limits.PASSWORD, request, account=session.user.email)
    if not session.user.check_password(password):
        note_failure(Tag.REAUTHENTICATION_FAILED, session.user, request, session.pk)
        raise InvalidPassword
    token = finish_reauthentication(session, method=Session.Method.PASSWORD, request=request)
    rate_limits.reset(rate_limits.PASSWORD, request, account=session.user.email)
    return token


def finish_reauthentication(session: Session, *, method: str, request: HttpRequest) -> str:
    """Renew the session of somebody who has just proven again who they are, under the same lock as a login."""
    with transaction.atomic():
        require_unchanged(session.user)
        token = renew(session)
        Event.objects.record(Tag.REAUTHENTICATED, session.user, request=request, session=session.pk, method=method)
    return token


def renew(session: Session) -> str:
    """The new token of this session. Raises SessionExpired where it has ended meanwhile."""
    if (token := session.renew()) is None:
        raise SessionExpired
    return token


def require_unchanged(user: User) -> None:
    """Lock the person's row. Raises AuthenticationFailed unless they are active, under the password we know of."""
    unchanged = User.objects.filter(pk=user.pk, password=user.password, is_active=True)
    if unchanged.lock().first() is None:
        raise AuthenticationFailed


def finish_login(user: User, *, method: str, request: HttpRequest) -> tuple[Session, str]:
    """Open the session of somebody who has just proven who they are. Raises AuthenticationFailed.

    The proof was checked outside of any lock, so that a hash does not hold one. Meanwhile the person may have
    been disabled or deleted, or their password changed: the row is locked and compared before anything is
    written. Whatever disables, deletes or re-keys a person takes the same lock, so of two that race the later
    one sees what the earlier one did.
    """
    with transaction.atomic():
        require_unchanged(user)
        User.objects.filter(pk=user.pk).update(last_login=timezone.now())
        session, token = Session.objects.start(user, method=method, request=request)
        login = Event.objects.record(Tag.LOGIN, user, request=request, session=session.pk, method=method)
        if is_new_device(login):
            notify(user, Letter.NEW_DEVICE, request)
        return session, token


def is_new_device(login: Event) -> bool:
    """Whether the person came in before, and never with such a device. Whoever has just registered came with one."""
    before = Event.objects.filter(user=login.user, tag=Tag.LOGIN).exclude(pk=login.pk)
    return not before.filter(device=login.device).exists() and before.exists()
