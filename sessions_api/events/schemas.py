from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from sessions_api.http.schemas import ResponseSchema, Time

from .tags import Tag

NEWEST = 2**63 - 1  # the end of a BigAutoField
# No closed list: clients that were generated from one would fail at the first tag of a newer release.
EventTag = Annotated[str, Field(json_schema_extra={"x-extensible-enum": list(Tag.values)})]


class EventPage(Schema):
    before: int = Field(NEWEST, ge=1, le=NEWEST, description="The `id` of the last event of the page before.")


class EventInfo(ResponseSchema):
    """An event of an account."""

    id: int = Field(description="Grows with time: the `before` of the next page.")
    tag: EventTag
    happened_at: Time
    ip_address: str | None
    device: str = Field(description="What the user agent seemed to be, or empty.")
    session: UUID | None = Field(description="The handle of the session that was created, or that caused the event.")
    data: dict[str, Any] = Field(description="Details, such as the method of a login.")
