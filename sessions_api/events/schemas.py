from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from sessions_api.http.schemas import ResponseSchema

from .tags import Tag


class EventInfo(ResponseSchema):
    """Something that happened to an account."""

    id: int = Field(description="Grows with time: the `before` of the next page.")
    tag: Tag
    happened_at: datetime
    ip_address: str | None
    device: str = Field(description="What the user agent seemed to be, or empty.")
    session: UUID | None = Field(description="The handle of the session that was opened, or that did it.")
    data: dict[str, Any] = Field(description="A little more, such as how somebody logged in.")
