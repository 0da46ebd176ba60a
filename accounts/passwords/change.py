"""How a password is changed, or replaced by mail. What it must be is in `password_rules.py`."""

from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.login.lockout import forgive
from accounts.login.password import prove_again, renew, require_still_in, require_unchanged
from accounts.mail.models import Letter, Link, QueuedMail
from accounts.mail.notifications import notify
from accounts.mail.token_types import Purpose
from accounts.models import User
from accounts.social.connections import sever, void_handovers
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.http.errors import ValidationFailed
from sessions_api.models import Session
from sessions_api.ratelimit import limits as rate_limits


def require_acceptable(password: str, user: User, *, field: str) -> None:
    """Raises ValidationFailed, with the reasons, where this person may not have this password.

    Call it outside of transactions: it may ask a service on the internet.
    """
    try:
        validate_password(password, user)
    except ValidationError as refused:
        raise ValidationFailed(
            [
                {"loc": ["body", field], "msg": e.messages[0], "code": e.code, "params": e.params or {}}
                for e in refused.error_list
            ]
        ) from None


def change_password(session: Session, *, current_password: str, new_password: str, request: HttpRequest) -> str:
    """The new token of this session; all others of its person have ended, in the same transaction.

    People without a password leave the current one out and need a recent login. Raises InvalidPassword,
    ReauthenticationRequired, ValidationFailed, RateLimited, ServerBusy, or SessionExpired where this session has
    ended meanwhile.
    """
    user = session.user
    rate_limits.check(rate_limits.NEW_PASSWORD, request, account=user.email)
    require_acceptable(new_password, user, field="new_password")  # first, for it costs less than a hash
    if user.has_password or current_password:
        prove_again(session, current_password, request)
    else:
        session.require_fresh()
    encoded = make_password(new_password)
    with transaction.atomic():
        user = require_still_in(session)
        User.objects.filter(pk=user.pk).store_hash(encoded)
        session.siblings().revoke(except_for=session)
        tell_of_new_password(user, Tag.PASSWORD_CHANGED, request, session.pk)
        return renew(session)


def replace_password(user: User, new_password: str, request: HttpRequest) -> User:
    """The person with this password, which the admin's page has checked; all their sessions of the API have ended.

    Raises AuthenticationFailed where somebody else was quicker, or ServerBusy.
    """
    encoded = make_password(new_password)
    with transaction.atomic():
        person = require_unchanged(user)
        person.password = encoded
        person.save(update_fields=["password", "updated_at"])  # which ends the sessions
        tell_of_new_password(person, Tag.PASSWORD_CHANGED, request)
    return person


def ask_to_reset(email: str) -> None:
    """Send a mail by which its reader can choose a new password. Whether there is such a person is looked up when
    it is sent, so here nothing differs, not even the time."""
    QueuedMail.objects.put(Letter.RESET, email=email)


def reset_password(*, token: str, new_password: str, request: HttpRequest) -> None:
    """The person has this password from now on, and a proven address; all their sessions have ended.

    Raises InvalidLink, or ValidationFailed, which leaves the link as good as it was. Where the address was not
    proven before, whoever opened the account may have been somebody else: nothing they linked opens it any more.
    """
    person = Link.objects.find(Purpose.RESET, token).person
    require_acceptable(new_password, person, field="new_password")
    encoded = make_password(new_password)
    with transaction.atomic():
        person = Link.objects.redeem(Purpose.RESET, token).person
        if not person.email_verified:
            sever(person)
        person.password, person.email_verified_at = encoded, person.email_verified_at or timezone.now()
        person.save(update_fields=["password", "email_verified_at", "updated_at"])  # which ends the sessions
        forgive(person, request)
        tell_of_new_password(person, Tag.PASSWORD_RESET, request)


def tell_of_new_password(person: User, tag: Tag, request: HttpRequest, session: UUID | None = None) -> None:
    """And whatever could still open the account without it is void."""
    Event.objects.record(tag, person, request=request, session=session)
    Link.objects.void(person)
    void_handovers(person)
    notify(person, Letter.PASSWORD_CHANGED, request)
