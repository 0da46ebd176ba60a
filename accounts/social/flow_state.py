"""What a sign-in remembers between its start and its callback: neither a table nor a session, but one signed text.

The browser keeps the text in a cookie of its own for each start: see `cookies.py`. A caller can start as often as they
like, and fills only their own browser. `strategy.py` makes sure that a state is used once, by `consume_once`.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Self

from django.core import signing
from django.utils import timezone

LIFETIME = timedelta(minutes=10)  # a user may have to log in at the provider first
SALT = "latchkey.oauth.start"


class Utf8Json:
    """Django's own serializer would write six bytes for each character outside ASCII."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


@dataclass
class OAuthFlowState:
    """One start: at which provider, what the front end gets back, and what social-auth keeps in its session."""

    provider: str
    next: str = ""
    front_end_state: str = ""  # returned to the front end at the end
    code_challenge: str = ""
    from_our_pages: bool = False  # began at a page of this service, so it ends there too
    link_for: str = ""  # the id of the user who links, where the sign-in only links
    started_at: float = field(default_factory=lambda: timezone.now().timestamp())  # Unix time
    social_session: dict[str, Any] = field(default_factory=dict)

    def encode(self) -> str:
        """A signed text for a cookie; the browser's user can read it."""
        told = {name: value for name, value in asdict(self).items() if value}
        return signing.dumps(told, salt=SALT, serializer=Utf8Json, compress=True)

    @classmethod
    def decode(cls, text: str) -> Self | None:
        """The flow state of this text; None where it is forged, older than LIFETIME, or of another release."""
        try:
            return cls(**signing.loads(text, salt=SALT, serializer=Utf8Json, max_age=LIFETIME))
        except (signing.BadSignature, TypeError):
            return None

    @property
    def oauth_state(self) -> str:
        """The `state` that the provider sends back (RFC 6749, 4.1.1), once social-auth has made it."""
        (state,) = (kept["state"] for kept in self.social_session.values() if "state" in kept)
        return str(state)
