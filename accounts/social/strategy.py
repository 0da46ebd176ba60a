"""social-auth's ways into Django: the flow in place of a session, no tables of its own, no `login()` anywhere."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from social_core.backends.base import BaseAuth
from social_core.storage import BaseStorage
from social_core.strategy import BaseStrategy

from accounts.single_use.models import consume_once
from sessions_api.http.client import ClientRequest

from .flow_state import LIFETIME, OAuthFlowState


class ConsumedStates:
    """social-auth's store of states: nothing at the start, a unique insert at the callback."""

    @staticmethod
    def use(server_url: str, timestamp: int, salt: str) -> bool:
        return True

    @staticmethod
    def consume(server_url: str, timestamp: int, salt: str) -> bool:
        expires_at = datetime.fromtimestamp(timestamp, UTC) + LIFETIME
        return consume_once(purpose=server_url, token=salt, expires_at=expires_at)


class Storage(BaseStorage):
    nonce = ConsumedStates  # type: ignore[assignment]


class FlowStateStrategy(BaseStrategy[HttpResponse]):
    def __init__(self, request: ClientRequest, flow: OAuthFlowState) -> None:
        self.request = request
        self.flow = flow
        super().__init__(Storage)

    def get_setting(self, name: str) -> Any:
        return getattr(settings, name)

    def get_request_data(self, merge: bool = True) -> QueryDict:
        return self.request.GET

    def build_absolute_uri(self, path: str | None = None) -> str:
        """Ours are absolute already: none comes from the request."""
        return path or ""

    def redirect(self, url: str) -> HttpResponse:
        return HttpResponseRedirect(url)

    def session_get(self, name: str, default: Any = None) -> Any:
        return self.flow.notes.get(name, default)

    def session_set(self, name: str, value: Any) -> None:
        self.flow.notes[name] = value

    def session_pop(self, name: str) -> Any:
        return self.flow.notes.pop(name, None)

    def session_setdefault(self, name: str, value: Any) -> Any:
        return self.flow.notes.setdefault(name, value)

    def authenticate(self, backend: BaseAuth[Any], **kwargs: Any) -> Any:
        """The user, by the pipeline; or, where somebody wants to link, only who the provider says it is."""
        if self.flow.link_for:
            details = backend.get_user_details(kwargs["response"])
            return str(backend.get_user_id(details, kwargs["response"]))
        kwargs |= {"strategy": self, "storage": self.storage, "backend": backend}
        return backend.run_authentication(**kwargs)
