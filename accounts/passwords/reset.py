"""How a user who forgot the password sets a new one by mail."""

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts.login import devices
from accounts.login.lockout import clear_failures
from accounts.mail.models import RULES, MailType, OneTimeToken, QueuedMail, TokenType
from accounts.social.connections import EVER, connections_of, unlink_identities
from accounts.social.providers.registry import title
from sessions_api.events.models import Tag
from sessions_api.http.client import ClientInfo

from .change import revoke_and_notify
from .policy import require_acceptable


def request_reset(email: str) -> None:
    """Queue the mail with the token. The worker looks up the user, so this takes the same time for every address."""
    QueuedMail.objects.enqueue(MailType.RESET, email=email)


def reset_password(*, token: str, new_password: str, client: ClientInfo) -> str:
    """Give the user of this token the new password and a verified address. Revoke all sessions and device tokens.

    Returns a new device token. Its mark is new too, because the failures of an earlier mark may have locked it.

    Raises InvalidLink; ValidationFailed, after which the token is still valid; or ServerBusy. A thief may have linked a
    provider, so links of the last days are deleted; the mail lists the others. If the address was not verified before,
    a stranger may have registered it: then all links are deleted.
    """
    user = OneTimeToken.objects.verify(TokenType.RESET, token).known_user
    require_acceptable(new_password, user, field="new_password")
    encoded = make_password(new_password)
    with transaction.atomic():
        user = OneTimeToken.objects.consume(TokenType.RESET, token).known_user
        # As long as an alert about a link can undo it. Of older links the user knows, or ignored the alert.
        since = timezone.now() - RULES[TokenType.REVERT].lifetime if user.email_verified else EVER
        unlinked = unlink_identities(user, since=since, client=client)
        user.reset_credentials(encoded=encoded)
        clear_failures(user, client)
        left = [title(link.provider) for link in connections_of(user)]
        revoke_and_notify(
            user, Tag.PASSWORD_RESET, client=client, unlinked=", ".join(unlinked), still_linked=", ".join(left)
        )
    return devices.issue(user)
