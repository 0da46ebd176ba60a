"""social-auth's ways into Django: the handshake in place of a session, no tables of its own, no `login()` anywhere."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from social_core.backends.base import BaseAuth
from social_core.storage import BaseStorage
from social_core.strategy import BaseStrategy

from accounts.single_use.once import spend

from .flow_state import LIFETIME, Handshake


class SpentStates:
    """social-auth's store of states: nothing at the start, a unique insert at the callback."""

    @staticmethod
    def use(server_url: str, timestamp: int, salt: str) -> bool:
        return True

    @staticmethod
    def consume(server_url: str, timestamp: int, salt: str) -> bool:
        return spend(server_url, salt, until=timestamp + int(LIFETIME.total_seconds()))


class Storage(BaseStorage):
    nonce = SpentStates  # type: ignore[assignment]


class CookieStrategy(BaseStrategy[HttpResponse]):
    def __init__(self, request: HttpRequest, handshake: Handshake) -> None:
        self.request = request
        self.handshake = handshake
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
        return self.handshake.notes.get(name, default)

    def session_set(self, name: str, value: Any) -> None:
        self.handshake.notes[name] = value

    def session_pop(self, name: str) -> Any:
        return self.handshake.notes.pop(name, None)

    def session_setdefault(self, name: str, value: Any) -> Any:
        return self.handshake.notes.setdefault(name, value)

    def authenticate(self, backend: BaseAuth[Any], **kwargs: Any) -> Any:
        """The person, by the pipeline; or, where somebody wants to link, only who the provider says it is."""
        if self.handshake.link_for:
            details = backend.get_user_details(kwargs["response"])
            return str(backend.get_user_id(details, kwargs["response"]))
        kwargs |= {"strategy": self, "storage": self.storage, "backend": backend}
        return backend.run_authentication(**kwargs)
