"""Whether a user may have a password, for the stories that set one.

The rules are in `validators.py`, which holds megabytes of words: Django imports it with the first new password only.
"""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User
from sessions_api.http.errors import ValidationFailed


def require_acceptable(password: str, user: User, *, field: str) -> None:
    """Raises ValidationFailed, with a reason for each refusal, unless this user may have this password.

    `field` is the name in the request body. Call it outside of transactions: it may call a service on the internet.
    """
    try:
        validate_password(password, user)
    except ValidationError as refused:
        raise ValidationFailed(
            [
                {"loc": ["body", field], "msg": e.messages[0], "code": e.code, "params": e.params or {}}
                for e in refused.error_list
            ]
        ) from None
