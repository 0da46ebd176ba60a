import re
from typing import Annotated

from ninja import Schema
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from sessions_api.http.schemas import RequestSchema, ResponseSchema, Text, Time

PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def _path(text: str) -> str:
    """A path on the front end; a text that a browser could read as another host is refused (ASVS 5.0, 3.7.2)."""
    if text and not PATH.fullmatch(text):
        raise PydanticCustomError("invalid_path", "A path on the front end, beginning with one slash.")
    return text


def at_most(limit: int) -> AfterValidator:
    """In bytes: a browser keeps the text in a cookie, and all our cookies together must fit into 4 KiB."""

    def check(text: str) -> str:
        if len(text.encode()) > limit:
            raise PydanticCustomError("string_too_long", f"At most {limit} bytes in UTF-8.", {"max_length": limit})
        return text

    return AfterValidator(check)


NextPath = Annotated[
    Text,
    AfterValidator(_path),
    at_most(1000),
    Field(
        max_length=1000, json_schema_extra={"pattern": r"^(/([^/\\\u0000-\u0020\u007f][^\\\u0000-\u0020\u007f]*)?)?$"}
    ),
]
Challenge = Annotated[str, Field(pattern=r"^([A-Za-z0-9_-]{43})?$", description="S256, RFC 7636.")]


class Start(Schema):
    next: NextPath = Field("", description="A path on the front end, returned at the end.")
    state: Annotated[Text, at_most(500), Field(max_length=500)] = Field(
        "", description="The front end's own, returned at the end."
    )
    code_challenge: Challenge = Field("", description="With it, the front end gets `?code=` instead of `?session=`.")
    landing: str = Field(
        "",
        pattern="^(pages)?$",
        description="`pages`: the sign-in ends at the pages of this service, if it has any. Else at the front end.",
    )
    link: Annotated[Text, Field(max_length=1000)] = Field("", description="From the `authorize_url` of `…/link`.")


class IdToken(RequestSchema):
    id_token: Annotated[Text, Field(max_length=20_000)]  # Entra lists up to 200 groups, in 12,000 characters
    nonce: Annotated[Text, Field(min_length=8, max_length=200)]


class AuthorizeUrl(ResponseSchema):
    authorize_url: str = Field(description="Send the browser there. The address is valid once, for a minute.")


class LinkCode(RequestSchema):
    code: Annotated[Text, Field(max_length=1000)]


class ProviderConnection(ResponseSchema):
    id: int
    provider: str
    created_at: Time = Field(validation_alias="created")
