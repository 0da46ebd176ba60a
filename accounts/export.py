"""A copy of all data that is stored about a user, for that user (GDPR, article 15). It contains no secret."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.db.models import Q, QuerySet
from pydantic import BeforeValidator, Field
from pydantic_core import to_json

from sessions_api.http.schemas import ResponseSchema, Time
from sessions_api.models import Session
from sessions_api.schemas import SessionInfo

from .login.lockout import failures_of
from .mail.models import OneTimeToken, QueuedMail
from .models import User
from .schemas import UserResponse

PAGE_SIZE = 1000  # rows in memory, some 2 MiB; a query for each page costs little beside its rows


def names_of(related: Any) -> list[str]:
    """The name of each row behind this related manager: pydantic cannot read a list from a manager."""
    return [str(row) for row in related.order_by("pk")]


Names = Annotated[list[str], BeforeValidator(names_of)]


class ExportedUser(UserResponse):
    email_verified_at: Time | None
    updated_at: Time
    last_login: Time | None
    is_active: bool
    is_staff: bool
    is_superuser: bool
    device_epoch: int = Field(description="How often the device tokens were revoked.")
    groups: Names
    user_permissions: Names


class ExportedConnection(ResponseSchema):
    provider: str
    uid: str = Field(description="The id of the user at the provider.")
    created: Time


class ExportedEvent(ResponseSchema):
    tag: str
    happened_at: Time
    ip_address: str | None
    device: str
    session: UUID | None
    data: dict[str, Any]


class ExportedToken(ResponseSchema):
    purpose: str = Field(validation_alias="type")
    email: str
    requested_at: Time
    expires_at: Time
    spent_at: Time | None = Field(validation_alias="used_at", description="When it was used or revoked.")


class ExportedMail(ResponseSchema):
    letter: str = Field(validation_alias="type", description="The type of the mail.")
    email: str
    requested_at: Time
    data: dict[str, Any]


class ExportedFailures(ResponseSchema):
    place: str = Field(
        description="A known network of the user, or the `handle` of a session. Empty: all other networks."
    )
    number: int = Field(description="Wrong passwords in a row.")
    last_at: Time


class ExportedAdministration(ResponseSchema):
    action_time: Time
    change_message: str


class AccountExport(ResponseSchema):
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


def stream_export(session: Session) -> Iterator[bytes]:
    """The JSON of an `AccountExport` of this session's user, piece by piece. `current` marks the session itself.

    Of the long lists only PAGE_SIZE rows are in memory at once. Rows that are added meanwhile may be missing.
    """
    user: User = session.user
    sessions = [*user.sessions.order_by("-created_at", "-pk"), *user.admin_sessions.order_by("-created_at")]
    mailed = Q(user=user) | Q(user=None, email=user.email)  # the mail and the token of a registration have no user
    about_user = Q(object_id=str(user.pk), content_type__model="user")
    failures = [{"place": scope, "number": row.count, "last_at": row.last_at} for scope, row in failures_of(user)]
    lists: dict[str, tuple[type[ResponseSchema], Iterable[list[Any]]]] = {
        "sessions": (SessionInfo, [[SessionInfo.from_session(one, current=one == session) for one in sessions]]),
        "connections": (ExportedConnection, [list(user.social_auth.order_by("pk"))]),
        "events": (ExportedEvent, pages_of(user.events.all())),
        "failed_attempts": (ExportedFailures, [failures]),
        "links": (ExportedToken, [list(OneTimeToken.objects.filter(mailed).order_by("-requested_at"))]),
        "queued_mails": (ExportedMail, [list(QueuedMail.objects.filter(mailed).order_by("-requested_at"))]),
        "administration": (ExportedAdministration, pages_of(LogEntry.objects.filter(about_user | Q(user=user)))),
    }
    yield b'{"user":' + to_json(ExportedUser.model_validate(user))
    for name, (schema, pages) in lists.items():
        yield f',"{name}":['.encode()
        yield from items_of(schema, pages)
        yield b"]"
    yield b"}"


def items_of(schema: type[ResponseSchema], pages: Iterable[list[Any]]) -> Iterator[bytes]:
    """The items of a JSON array, without its brackets."""
    separator = b""
    for page in pages:
        if page:
            yield separator + to_json([schema.model_validate(row) for row in page])[1:-1]
            separator = b","


def pages_of(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """Lists of PAGE_SIZE rows, newest first. A database cursor would need a transaction that waits for the client."""
    rows = rows.order_by("-pk")
    page = list(rows[:PAGE_SIZE])
    while page:
        yield page
        page = list(rows.filter(pk__lt=page[-1].pk)[:PAGE_SIZE])
