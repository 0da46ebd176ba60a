"""How a logged-in user changes the password, and what each new password revokes."""

from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.login.complete import lock_user_if_unchanged, lock_user_of_session
from accounts.login.models import revoke_pending_codes
from accounts.login.password import require_password
from accounts.mail.models import MailType, OneTimeToken
from accounts.mail.notifications import notify
from accounts.models import User
from sessions_api.admin_sessions.models import AdminSession
from sessions_api.events.models import Event, Tag
from sessions_api.http.client import ClientInfo
from sessions_api.models import Session

from .policy import require_acceptable


def change_password(session: Session, *, current_password: str, new_password: str, client: ClientInfo) -> str:
    """The new token of this session. All other sessions of the user are revoked in the same transaction.

    Users without a password leave the current one out and need recent authentication. Raises InvalidPassword,
    ReauthenticationRequired, ValidationFailed, RateLimited, ServerBusy, or SessionExpired where this session was
    revoked meanwhile.
    """
    user = session.user
    require_acceptable(new_password, user, field="new_password")  # first, because it costs less than a hash
    if user.has_password or current_password:
        require_password(session, password=current_password, client=client)
    else:
        session.require_fresh()
    encoded = make_password(new_password)
    with transaction.atomic():
        user = lock_user_of_session(user)
        User.objects.filter(pk=user.pk).store_hash(encoded)
        session.siblings().revoke(except_for=session)
        AdminSession.objects.filter(user=user).revoke()
        revoke_and_notify(user, Tag.PASSWORD_CHANGED, client=client, session=session.pk)
        return session.renew()


def replace_password(user: User, *, new_password: str, session: AdminSession, client: ClientInfo) -> User:
    """The user with a new password, which the admin's form has validated. All their sessions are revoked.

    Django then starts a new one for the browser that asks. Raises AuthenticationFailed where the password was changed
    or the user disabled meanwhile, SessionExpired where the admin's `session` was revoked, or ServerBusy.
    """
    encoded = make_password(new_password)
    with transaction.atomic():
        user = lock_user_if_unchanged(user)
        session.require_not_revoked()
        user.password = encoded
        user.save(update_fields=["password", "updated_at"])  # which revokes the sessions
        revoke_and_notify(user, Tag.PASSWORD_CHANGED, client=client)
    return user


def revoke_and_notify(user: User, tag: Tag, *, client: ClientInfo, session: UUID | None = None, **told: str) -> None:
    """Record the new password and queue a security alert. Revoke the mails and codes that would log in without it.

    `told` are further variables for the template of the mail.
    """
    Event.objects.record(tag, user, client=client, session=session)
    OneTimeToken.objects.revoke(user)
    revoke_pending_codes(user)
    notify(user, MailType.PASSWORD_CHANGED, client=client, **told)
