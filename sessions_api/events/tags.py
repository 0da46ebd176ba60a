"""The names of what happens, most general first, as they stand in the table, in the API and in the log."""

from django.db import models

ADMINISTRATOR, OPERATOR = "administrator", "operator"  # who did it, where it was nobody of the account


class Tag(models.TextChoices):
    REGISTERED = "account:register", "registered"
    LOGIN = "account:login:success", "logged in"
    ADMIN_LOGIN = "admin:login:success", "logged in to the admin"
    LOGIN_FAILED = "account:login:failure", "a login failed"
    LOCKED = "account:login:locked", "the password opens the account no more"
    REAUTHENTICATED = "account:reauthenticate:success", "authenticated again"
    REAUTHENTICATION_FAILED = "account:reauthenticate:failure", "a new authentication failed"
    LOGOUT = "account:logout", "logged out"
    PASSWORD_CHANGED = "account:password:change", "the password was changed"
    PASSWORD_RESET = "account:password:reset", "the password was reset by mail"
    EMAIL_VERIFIED = "account:email:verify", "the address was proven"
    EMAIL_CHANGED = "account:email:change", "the address was changed"
    LINKED = "account:provider:link", "a provider was linked"
    UNLINKED = "account:provider:unlink", "a provider was unlinked"
    REVERTED = "account:secure", "taken back by its owner"
    DISABLED = "account:disable", "disabled by an administrator"
    ENABLED = "account:enable", "enabled by an administrator"
    DELETED = "account:delete", "an account was deleted"
    SESSIONS_ENDED = "session:end", "sessions were ended"
    SESSIONS_EVICTED = "session:evict", "sessions gave way to a new one"
