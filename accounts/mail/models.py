"""The models of this app, for Django to find."""

from .one_time_tokens import OneTimeToken
from .queue import QueuedMail

__all__ = ["OneTimeToken", "QueuedMail"]
