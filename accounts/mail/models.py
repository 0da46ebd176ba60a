"""The tables of this app."""

from .one_time_tokens import OneTimeToken
from .queue import QueuedMail

__all__ = ["OneTimeToken", "QueuedMail"]
