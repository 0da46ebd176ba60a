"""How social-auth reaches Django: by social_django's strategy and storage, without sessions, nonces and requests."""

from datetime import UTC, datetime
from typing import Any

from social_core.backends.base import BaseAuth
from social_django.models import DjangoStorage
from social_django.strategy import DjangoStrategy

from accounts.single_use.models import consume_once
from sessions_api.http.client import ClientInfo

from .errors import SignInRepeated
from .flow_state import LIFETIME, OAuthFlowState


class ConsumedStates:
    """The OAuth states that were used. A start stores nothing; a callback is one unique INSERT.

    social-auth calls this a store of nonces, and passes the state as `salt`.
    """

    @staticmethod
    def use(server_url: str, timestamp: int, salt: str) -> bool:
        return True

    @staticmethod
    def consume(server_url: str, timestamp: int, salt: str) -> bool:
        """Raises SignInRepeated. social-auth would treat a second use like a forged state."""
        expires_at = datetime.fromtimestamp(timestamp, UTC) + LIFETIME
        if not consume_once(purpose=server_url, token=salt, expires_at=expires_at):
            raise SignInRepeated
        return True


class FlowStateStorage(DjangoStorage):
    nonce = ConsumedStates  # type: ignore[assignment]


class FlowStateStrategy(DjangoStrategy):
    """`flow` takes the place of the session, and `query` that of the request. `client` is who sends the callback."""

    def __init__(self, *, flow: OAuthFlowState, query: dict[str, Any], client: ClientInfo) -> None:
        super().__init__(FlowStateStorage)
        self.flow, self.query, self.client = flow, query, client
        self.session = flow.social_session  # type: ignore[assignment]  # a dict does for all that it is used for

    def get_request_data(self, merge: bool = True) -> dict[str, Any]:
        return self.query

    def authenticate(self, backend: BaseAuth[Any], **options: Any) -> Any:
        """The user, by our pipeline; for a flow that only links, the provider's id of the user.

        Django's `authenticate` stays out, which would ask the backend of the admin.
        """
        if self.flow.link_for:
            details = backend.get_user_details(options["response"])
            return str(backend.get_user_id(details, options["response"]))
        request = None  # DjangoStrategy.clean_authenticate_args takes it away again
        return backend.run_authentication(request, strategy=self, storage=self.storage, backend=backend, **options)
