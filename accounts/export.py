"""A copy of all data that is stored about a user, for that user (GDPR, article 15). It contains no secret."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.db.models import Q
from pydantic import BeforeValidator, Field

from sessions_api.http.schemas import ResponseSchema
from sessions_api.models import Session
from sessions_api.schemas import SessionInfo

from .login.lockout import failures_of
from .mail.one_time_tokens import OneTimeToken
from .mail.queue import QueuedMail
from .models import User
from .schemas import UserResponse

TOKEN_FIELDS = ("email", "requested_at", "expires_at")
MAIL_FIELDS = ("email", "requested_at", "data")


def names_of(related: Any) -> list[str]:
    """The name of each row behind this related manager: pydantic cannot read a list from a manager."""
    return [str(row) for row in related.order_by("pk")]


Names = Annotated[list[str], BeforeValidator(names_of)]


class ExportedUser(UserResponse):
    email_verified_at: datetime | None
    updated_at: datetime
    last_login: datetime | None
    is_active: bool
    is_staff: bool
    is_superuser: bool
    groups: Names
    user_permissions: Names


class ExportedConnection(ResponseSchema):
    provider: str
    uid: str = Field(description="The id of the user at the provider.")
    created: datetime


class ExportedEvent(ResponseSchema):
    tag: str
    happened_at: datetime
    ip_address: str | None
    device: str
    session: UUID | None
    data: dict[str, Any]


class ExportedToken(ResponseSchema):
    purpose: str
    email: str
    requested_at: datetime
    expires_at: datetime
    spent_at: datetime | None = Field(description="When it was used or revoked.")


class ExportedMail(ResponseSchema):
    letter: str = Field(description="The type of the mail.")
    email: str
    requested_at: datetime
    data: dict[str, Any]


class ExportedFailures(ResponseSchema):
    place: str = Field(
        description="A known network of the user, or the `handle` of a session. Empty: all other networks."
    )
    number: int = Field(description="Wrong passwords in a row.")
    last_at: datetime


class ExportedAdministration(ResponseSchema):
    action_time: datetime
    change_message: str


class Export(ResponseSchema):
    user: ExportedUser
    sessions: list[SessionInfo]
    connections: list[ExportedConnection]
    events: list[ExportedEvent]
    failed_attempts: list[ExportedFailures]
    links: list[ExportedToken] = Field(description="The tokens that were mailed to the user, without their secrets.")
    queued_mails: list[ExportedMail] = Field(description="Mails that have not been sent yet.")
    administration: list[ExportedAdministration] = Field(
        description="Actions of administrators on the account, and the user's own actions as an administrator."
    )

    @classmethod
    def for_session(cls, session: Session) -> Self:
        """The data of the user of this session. `current` marks the session itself."""
        user: User = session.user
        sessions = [*user.sessions.order_by("-created_at", "-pk"), *user.admin_sessions.order_by("-created_at")]
        mailed = Q(user=user) | Q(user=None, email=user.email)  # the mail and the token of a registration have no user
        about_user = Q(object_id=str(user.pk), content_type__model="user")
        stored = {
            "user": user,
            "sessions": [SessionInfo.from_session(one, current=one == session) for one in sessions],
            "connections": list(user.social_auth.order_by("pk")),
            "events": list(user.events.order_by("-pk")),
            "failed_attempts": [
                {"place": scope, "number": failures.count, "last_at": failures.last_at}
                for scope, failures in failures_of(user)
            ],
            "links": [
                {
                    "purpose": token.type,
                    "spent_at": token.used_at,
                    **fields_of(token, *TOKEN_FIELDS),
                }
                for token in OneTimeToken.objects.filter(mailed).order_by("-requested_at")
            ],
            "queued_mails": [
                {"letter": mail.type, **fields_of(mail, *MAIL_FIELDS)}
                for mail in QueuedMail.objects.filter(mailed).order_by("-requested_at")
            ],
            "administration": list(LogEntry.objects.filter(about_user | Q(user=user))),
        }
        return cls.model_validate(stored)


def fields_of(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
