"""Another service asks Latchkey for the user of a token that it received."""

import os
from typing import Any

import requests

LATCHKEY = os.environ.get("LATCHKEY", "http://localhost:8000")


def user_of(token: str) -> dict[str, Any] | None:
    """None for an invalid, expired or revoked token: answer 401. Raises requests.RequestException: answer 503."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{LATCHKEY}/api/auth/session", headers=headers, timeout=5, allow_redirects=False)
    if answer.status_code == 401:
        return None
    if answer.status_code != 200:
        raise requests.HTTPError(f"{LATCHKEY} answered {answer.status_code}", response=answer)
    user: dict[str, Any] = answer.json()["user"]
    return user
