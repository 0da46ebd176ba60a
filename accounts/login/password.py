"""Logging in, and authenticating again, with a password. The one place that compares a caller's password."""

from enum import Enum, auto
from uuid import UUID

from django.db import transaction

from accounts.errors import AuthenticationFailed, InvalidPassword
from accounts.hash_pool import hash_pool, network_of
from accounts.models import User
from sessions_api.events.models import Event, Tag
from sessions_api.http.client import ClientInfo
from sessions_api.models import Session
from sessions_api.ratelimit import limits

from . import devices
from .complete import complete_login, complete_reauthentication
from .lockout import Attempt


class Outcome(Enum):
    """What became of an attempt. All refusals have one answer, which does not tell them apart (ASVS 5.0, 6.3.8)."""

    AUTHENTICATED = auto()
    INVALID = auto()  # an unknown address, a wrong password, or a user without password
    LOCKED = auto()
    DISABLED = auto()
    NOT_STAFF = auto()


def login_with_password(
    *, email: str, password: str, device_token: str = "", client: ClientInfo
) -> tuple[Session, str]:
    """A new session and its token. `email` is canonical. A valid device token gives the attempt a scope of its own.

    Raises AuthenticationFailed, after the same work for every reason; RateLimited, before any hashing; or ServerBusy.
    Neither the answer nor its time tells which addresses have accounts. While a stored hash has other parameters than
    today's, the time of that user's logins differs.
    """
    user = authenticate(email=email, password=password, device_token=device_token, client=client)
    device = devices.mark_of(user, device_token)
    return complete_login(user, method=Session.Method.PASSWORD, client=client, device=device)


def authenticate(
    *, email: str, password: str, client: ClientInfo, device_token: str = "", staff_only: bool = False
) -> User:
    """The active user of this address and password. Raises AuthenticationFailed, RateLimited or ServerBusy.

    With `staff_only`, other users are refused and counted like a wrong password. Otherwise the admin's login would
    tell callers which passwords are right.
    """
    user = User.objects.filter(email=email).first() or User(email=email)  # unsaved, it costs one hash as well
    device = devices.mark_of(user, device_token)
    outcome = verify_password_attempt(
        user, password=password, client=client, failure=Tag.LOGIN_FAILED, device=device, staff_only=staff_only
    )
    if outcome is not Outcome.AUTHENTICATED:
        raise AuthenticationFailed
    return user


def verify_password_attempt(
    user: User,
    *,
    password: str,
    client: ClientInfo,
    failure: Tag,
    session: UUID | None = None,
    device: str = "",
    staff_only: bool = False,
) -> Outcome:
    """Compare the password with that of this user. Count a failure, and record it as an event with the tag `failure`.

    An unsaved user has an address that no user has.

    Raises RateLimited before any hashing, or ServerBusy; neither counts as a failure. An attempt whose hash gets no
    room, no memory or no thread counts for no limit, and takes no turn after a cool-off.
    """
    attempt = Attempt(user, client=client, session=session, device=device)
    counted = limits.counted(limits.PASSWORD, client, account=attempt.account)
    with hash_pool.turn(network_of(client)), attempt.turn(), counted:
        matches = user.check_password(password)
    outcome = outcome_of(user, matches=matches, locked=attempt.failures.is_locked, staff_only=staff_only)
    if outcome is Outcome.AUTHENTICATED:
        attempt.succeed()
        return outcome
    with transaction.atomic():
        held_user = User.objects.filter(pk=user.pk).lock().first()  # the same statement for an unsaved user
        Event.objects.record(failure, held_user, client=client, session=session)
        attempt.fail(held_user)
    return outcome


def outcome_of(user: User, *, matches: bool, locked: bool, staff_only: bool) -> Outcome:
    """The outcome of an attempt, from what is known about it; asks nothing and changes nothing."""
    if not matches:
        return Outcome.INVALID
    if locked:
        return Outcome.LOCKED
    if not user.is_active:
        return Outcome.DISABLED
    if staff_only and not user.is_staff:
        return Outcome.NOT_STAFF
    return Outcome.AUTHENTICATED


def reauthenticate_with_password(session: Session, *, password: str, client: ClientInfo) -> str:
    """The new token of this session. The old token is revoked.

    Raises InvalidPassword, RateLimited, ServerBusy, or SessionExpired where the session was revoked meanwhile.
    """
    require_password(session, password=password, client=client)
    return complete_reauthentication(session, method=Session.Method.PASSWORD, client=client)


def require_password(session: Session, *, password: str, client: ClientInfo) -> None:
    """Raises InvalidPassword unless this is the password of the session's user; RateLimited or ServerBusy."""
    outcome = verify_password_attempt(
        session.user, password=password, client=client, failure=Tag.REAUTHENTICATION_FAILED, session=session.pk
    )
    if outcome is not Outcome.AUTHENTICATED:
        raise InvalidPassword
