"""How a user who forgot the password sets a new one by mail."""

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts.login.lockout import clear_failures
from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.queue import MailType, QueuedMail
from accounts.mail.token_types import TokenType
from accounts.social.connections import unlink_identities
from sessions_api.events.tags import Tag
from sessions_api.http.client import ClientInfo

from .change import revoke_and_notify
from .policy import require_acceptable


def request_reset(email: str) -> None:
    """Queue the mail with the token. The worker looks up the user, so this takes the same time for every address."""
    QueuedMail.objects.enqueue(MailType.RESET, email=email)


def reset_password(*, token: str, new_password: str, client: ClientInfo) -> None:
    """Give the user of this token the new password and a verified address. Revoke all sessions and device tokens.

    Raises InvalidLink; ValidationFailed, after which the token is still valid; or ServerBusy. If the address was not
    verified before, a stranger may have registered it: then all linked identities are unlinked.
    """
    user = OneTimeToken.objects.verify(TokenType.RESET, token).known_user
    require_acceptable(new_password, user, field="new_password")
    encoded = make_password(new_password)
    with transaction.atomic():
        user = OneTimeToken.objects.consume(TokenType.RESET, token).known_user
        if not user.email_verified:
            unlink_identities(user)
        user.password, user.email_verified_at = encoded, user.email_verified_at or timezone.now()
        user.device_epoch += 1
        fields = ["password", "email_verified_at", "device_epoch", "updated_at"]
        user.save(update_fields=fields)  # which revokes the sessions
        clear_failures(user, client)
        revoke_and_notify(user, Tag.PASSWORD_RESET, client=client)
