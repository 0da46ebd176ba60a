"""What all providers have in common: a deadline, and little trust."""

import json
import time
from contextlib import AbstractContextManager
from typing import Any, Self

import requests
from django.conf import settings
from django.http import HttpResponse
from social_core.backends.base import BaseAuth
from social_core.exceptions import AuthProviderError, AuthResponseError
from urllib3.exceptions import HTTPError

from accounts.social.errors import ProviderBusy
from accounts.social.flow_state import OAuthFlowState
from accounts.social.providers.registry import configured
from accounts.social.strategy import FlowStateStrategy
from sessions_api.http.client import ClientInfo
from sessions_api.outbound.concurrency import ConcurrencyLimit
from sessions_api.outbound.http import fetch

TOTAL_SECONDS = 10.0  # for all calls of one sign-in together: a user waits for it
# Three of eight threads may wait for providers. Providers answer in a fraction of a second, so that serves several
# sign-ins a second. The other threads stay free for requests without a provider.
provider_calls = ConcurrencyLimit(max(1, settings.THREADS * 3 // 8), refusal=ProviderBusy)


class Provider(BaseAuth[HttpResponse]):
    """A backend of social-auth whose provider may be down, slow, or answer anything."""

    deadline: float | None = None

    @classmethod
    def of(cls, flow: OAuthFlowState, *, redirect_uri: str, query: dict[str, Any], client: ClientInfo) -> Self:
        backend = cls(FlowStateStrategy(flow=flow, query=query, client=client), redirect_uri)
        backend.name = flow.provider  # under which its settings and links are found
        return backend

    def request(self, url: str, *, stage: Any = "user_info", **options: Any) -> requests.Response:
        """The whole answer, which is JSON. Raises AuthProviderError, AuthResponseError or ProviderBusy."""
        self.deadline = self.deadline or time.monotonic() + TOTAL_SECONDS
        try:
            with self.place():
                response = fetch(url, seconds=self.deadline - time.monotonic(), **options)
        except (TimeoutError, requests.Timeout) as failure:
            raise AuthProviderError(self, code="timeout", stage=stage) from failure
        except (requests.RequestException, HTTPError, ValueError) as failure:  # ValueError: the URL is invalid
            raise AuthProviderError(self, code="connection_failed", stage=stage) from failure
        if response.status_code >= 500:
            raise AuthProviderError(self, code="unavailable", stage=stage)
        if response.status_code != 200 or not is_json(response):
            raise AuthResponseError(self, code="malformed_response", stage=stage)
        return response

    def place(self) -> AbstractContextManager[None]:
        """Holds one of the few places for calls to providers. Raises ProviderBusy.

        With several providers, none can take all places. A call within another one has its place.
        """
        share = provider_calls.places if len(configured()) == 1 else max(1, provider_calls.places - 1)
        return provider_calls.place(self.name, share=share)

    def auth_complete(self, *args: Any, **options: Any) -> Any:
        """As social-auth's, which consumes the state and then calls the provider. So the place is taken first."""
        self.process_error(self.data)  # needs no place
        with self.place():
            return super().auth_complete(*args, **options)

    def process_error(self, data: Any, *, stage: Any = "callback") -> None:
        """Raises what social-auth makes of an error; AuthResponseError where the error is no text."""
        if not isinstance(data.get("error") or "", str):
            raise AuthResponseError(self, code="malformed_response", stage=stage)
        super().process_error(data, stage=stage)

    def controls_mailbox(self, email: str) -> bool:
        """Whether the provider runs this mailbox, so that its user is the reader today. Other providers only once
        saw that a mail arrived there."""
        return False

    def spellings(self, email: str) -> list[str]:
        """All addresses of the mailbox that the provider runs, this one first."""
        return [email]

    def accepts_unverified_email(self) -> bool:
        """Whether a new user may have an address that the provider has not verified. It stays unverified here."""
        return False

    def verify_id_token(self, id_token: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that an app brings. Raises AuthResponseError: this provider signs none."""
        raise AuthResponseError(self, code="unsupported_feature", stage="token_validation")


def is_json(response: requests.Response) -> bool:
    """Whether the body can be parsed: JSON that is nested too deeply raises RecursionError where it is read later."""
    try:
        json.loads(response.content)
    except (ValueError, RecursionError):
        return False
    return True
