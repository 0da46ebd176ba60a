from typing import Any
from uuid import UUID

from pydantic import Field

from sessions_api.http.schemas import ResponseSchema, Time

from .tags import Tag


class EventInfo(ResponseSchema):
    """An event of an account."""

    id: int = Field(description="Grows with time: the `before` of the next page.")
    tag: Tag
    happened_at: Time
    ip_address: str | None
    device: str = Field(description="What the user agent seemed to be, or empty.")
    session: UUID | None = Field(description="The handle of the session that was created, or that caused the event.")
    data: dict[str, Any] = Field(description="Details, such as the method of a login.")
