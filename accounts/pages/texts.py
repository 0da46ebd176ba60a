"""The sentences that the pages' module shows. Those for an `error_code` say what to do next, in a user's words."""

from django.utils.translation import gettext_lazy as _

TEXTS = {
    "authentication_failed": _("The email address or the password is wrong."),
}
