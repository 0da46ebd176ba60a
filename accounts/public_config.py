"""The public configuration: what a login page needs before a user types."""

from typing import Self

from django.conf import settings
from pydantic import Field

from sessions_api.http.schemas import ResponseSchema

from .social.providers import registry as providers


class PasswordRules(ResponseSchema):
    min_length: int
    max_length: int


class ConfiguredProvider(ResponseSchema):
    provider: str
    name: str
    start_url: str


class PublicConfig(ResponseSchema):
    """The public configuration of this service."""

    registration: str = Field(json_schema_extra={"x-extensible-enum": ["open", "verified", "closed"]})
    password: PasswordRules
    handover: str = Field(
        description="How a provider's sign-in reaches the front end.",
        json_schema_extra={"x-extensible-enum": ["query", "code"]},
    )
    providers: list[ConfiguredProvider] = Field(description="The configured providers.")

    @classmethod
    def current(cls) -> Self:
        return cls(
            registration=settings.REGISTRATION,
            password=PasswordRules(min_length=settings.PASSWORD_MIN_LENGTH, max_length=settings.PASSWORD_MAX_LENGTH),
            handover=settings.OAUTH_HANDOVER,
            providers=[
                ConfiguredProvider(provider=name, name=providers.title(name), start_url=providers.start_url(name))
                for name in providers.configured()
            ],
        )
