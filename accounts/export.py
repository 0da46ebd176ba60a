"""All that is stored about a person, for that person (GDPR, article 15). No secret is part of it."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.db.models import Q
from pydantic import BeforeValidator, Field

from accounts.mail.models import Link, QueuedMail
from sessions_api.models import Session
from sessions_api.schemas import Answer, SessionInfo

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


class ExportedConnection(Answer):
    provider: str
    uid: str = Field(description="Who they are to the provider.")
    created: datetime


class ExportedEvent(Answer):
    tag: str
    happened_at: datetime
    ip_address: str | None
    device: str
    session: UUID | None
    data: dict[str, Any]


class ExportedLink(Answer):
    purpose: str
    email: str
    requested_at: datetime
    expires_at: datetime
    spent_at: datetime | None


class ExportedMail(Answer):
    letter: str
    email: str
    requested_at: datetime
    data: dict[str, Any]


class ExportedFailures(Answer):
    place: str = Field(
        description="A network that they came in from before, or the handle of a session; empty for all else."
    )
    number: int = Field(description="Wrong passwords in a row.")
    last_at: datetime


class ExportedAdministration(Answer):
    action_time: datetime
    change_message: str


class Export(Answer):
    user: ExportedUser
    sessions: list[SessionInfo]
    connections: list[ExportedConnection]
    events: list[ExportedEvent]
    failed_attempts: list[ExportedFailures]
    links: list[ExportedLink] = Field(description="What was mailed to them, without what opens it.")
    queued_mails: list[ExportedMail] = Field(description="Mails that have not been sent yet.")
    administration: list[ExportedAdministration] = Field(
        description="What administrators did with the account; and what they did themselves, if they are one."
    )

    @classmethod
    def of(cls, session: Session) -> Self:
        """Of the person whose session this is."""
        user: User = session.user
        sessions = user.sessions.order_by("-created_at", "-pk")
        mailed = Q(user=user) | Q(user=None, email=user.email)  # a link to register is about nobody yet
        done_with_them = Q(object_id=str(user.pk), content_type__model="user")
        stored = {
            "user": user,
            "sessions": [SessionInfo.of(one, current=one == session) for one in sessions],
            "connections": list(user.identities.order_by("pk")),
            "events": list(user.events.order_by("-pk")),
            "failed_attempts": list(user.failed_attempts.order_by("-last_at")),
            "links": list(Link.objects.filter(mailed).order_by("-requested_at")),
            "queued_mails": list(QueuedMail.objects.filter(mailed).order_by("-requested_at")),
            "administration": list(LogEntry.objects.filter(done_with_them | Q(user=user))),
        }
        return cls.model_validate(stored)
