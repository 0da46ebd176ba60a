"""The answers to the two questions that products ask with every request: whose session is this, and who is the user?

Instances of schemas would take twice the CPU. Tests compare the answers with the schemas.
"""

from typing import Any

from django.utils import timezone
from pydantic_core import to_json

from sessions_api.http.schemas import in_utc
from sessions_api.listing import session_info
from sessions_api.models import Session

from .models import User


def session_as_json(session: Session) -> bytes:
    """A `UserSessionResponse` for the session that sent the request."""
    return to_json(session_info(session, timezone.now(), current=True) | {"user": user_info(session.user)})


def user_as_json(session: Session) -> bytes:
    """A `UserResponse` for the user of this session."""
    return to_json(user_info(session.user))


def user_info(user: User) -> dict[str, Any]:
    """What `UserResponse` writes for this user, with the same fields in the same order."""
    return {
        "id": user.pk,
        "email": user.email,
        "email_verified": user.email_verified,
        "display_name": user.display_name,
        "has_password": user.has_password,
        "created_at": in_utc(user.created_at),
    }
