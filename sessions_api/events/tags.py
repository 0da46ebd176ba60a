"""The tags of events, most general part first. The table, the API and the log contain them as they stand here."""

from django.db import models

ADMINISTRATOR, OPERATOR = "administrator", "operator"  # the `by` of events that no session of the user caused


class Tag(models.TextChoices):
    REGISTERED = "account:register", "registered"
    LOGIN = "account:login:success", "logged in"
    ADMIN_LOGIN = "admin:login:success", "logged in to the admin"
    LOGIN_FAILED = "account:login:failure", "login failed"
    LOCKED = "account:login:locked", "password locked after too many failures"
    REAUTHENTICATED = "account:reauthenticate:success", "reauthenticated"
    REAUTHENTICATION_FAILED = "account:reauthenticate:failure", "reauthentication failed"
    LOGOUT = "account:logout", "logged out"
    PASSWORD_CHANGED = "account:password:change", "password changed"
    PASSWORD_RESET = "account:password:reset", "password reset by mail"
    EMAIL_VERIFIED = "account:email:verify", "email address verified"
    EMAIL_REQUESTED = "account:email:request", "another email address requested by an administrator"
    EMAIL_CHANGED = "account:email:change", "email address changed"
    LINKED = "account:provider:link", "provider linked"
    UNLINKED = "account:provider:unlink", "provider unlinked"
    UNDONE = "account:secure", "changes undone through a security alert"
    PERMISSIONS_CHANGED = "account:permissions:change", "permissions changed by an administrator"
    DISABLED = "account:disable", "disabled by an administrator"
    ENABLED = "account:enable", "enabled by an administrator"
    DELETED = "account:delete", "account deleted"
    SESSIONS_REVOKED = "session:end", "sessions revoked"
    SESSIONS_EVICTED = "session:evict", "least recently seen sessions revoked"
