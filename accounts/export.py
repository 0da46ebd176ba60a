"""All that is stored about a user, for that user (GDPR, article 15). No secret is part of it."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.db.models import Q
from pydantic import BeforeValidator, Field

from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.queue import QueuedMail
from sessions_api.http.schemas import ResponseSchema
from sessions_api.models import Session
from sessions_api.schemas import SessionInfo

from .login.lockout import failures_of
from .models import User
from .schemas import UserResponse


def names(related: Any) -> list[str]:
    """Of what a manager leads to; its attribute is no list, as an answer wants one."""
    return [str(row) for row in related.order_by("pk")]


Names = Annotated[list[str], BeforeValidator(names)]


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
    uid: str = Field(description="Who they are to the provider.")
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
        description="A network from which the user has logged in, or the handle of a session; empty for all others."
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
        description="What administrators did with the account, and what the user did as an administrator."
    )

    @classmethod
    def for_session(cls, session: Session) -> Self:
        """Of the user whose session this is."""
        user: User = session.user
        sessions = user.sessions.order_by("-created_at", "-pk")
        mailed = Q(user=user) | Q(user=None, email=user.email)  # the token of a registration has no user yet
        done_with_user = Q(object_id=str(user.pk), content_type__model="user")
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
                {"purpose": token.type, "spent_at": token.used_at, **fields_of(token, "email requested_at expires_at")}
                for token in OneTimeToken.objects.filter(mailed).order_by("-requested_at")
            ],
            "queued_mails": [
                {"letter": mail.type, **fields_of(mail, "email requested_at data")}
                for mail in QueuedMail.objects.filter(mailed).order_by("-requested_at")
            ],
            "administration": list(LogEntry.objects.filter(done_with_user | Q(user=user))),
        }
        return cls.model_validate(stored)


def fields_of(row: Any, names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names.split()}
