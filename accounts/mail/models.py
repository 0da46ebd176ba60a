"""The models of this app, and the names that stories use with them."""

from .one_time_tokens import OneTimeToken
from .queue import MailType, QueuedMail
from .token_types import RULES, TokenType

__all__ = ["RULES", "MailType", "OneTimeToken", "QueuedMail", "TokenType"]
