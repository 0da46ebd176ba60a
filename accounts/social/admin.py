"""Links in the admin: administrators view them, and unlink by the story of `connections.py`."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from social_django import admin as social_django_admin  # noqa: F401 (registers its pages now, so not later)
from social_django.models import Association, Nonce, UserSocialAuth

from accounts.social.providers.registry import title
from sessions_api.adminkit.columns import ChoiceFilter, time_column
from sessions_api.adminkit.permissions import log_for_each
from sessions_api.adminkit.read_only import ReadOnlyAdmin
from sessions_api.events.models import ADMINISTRATOR
from sessions_api.http.errors import NotFound

from .connections import unlink_by_admin
from .errors import LastLoginMethod

# In any order of INSTALLED_APPS: the import above registered them, and Python runs a module once. Their forms could
# give an identity to another user.
admin.site.unregister([UserSocialAuth, Nonce, Association])


class ProviderFilter(ChoiceFilter):
    title = parameter_name = "provider"

    def labels(self) -> Mapping[str, str]:
        return {name: title(name) for name in settings.OAUTH_PROVIDERS}


@admin.register(UserSocialAuth)
class UserSocialAuthAdmin(ReadOnlyAdmin):
    fields = list_display = ("identity", "account", "provider_title", "linked")
    list_filter = (ProviderFilter,)
    allowed_lookups = ("provider",)
    search_help_text = "The beginning of an email address, or exactly: a user's id at the provider."
    actions = ("delete_selected",)

    linked = time_column("created", "linked")

    def found_by(self, term: str) -> Q:
        return Q(user__email__startswith=term) | Q(uid=term)

    @admin.action(permissions=["delete"], description="Unlink selected identities")
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[UserSocialAuth]) -> None:
        """In place of Django's action, which would delete the rows without event and mail, and the last one too."""
        unlinked, last = [], 0
        for row in self.administrable(request, queryset):
            try:
                self.delete_model(request, row)
            except LastLoginMethod:
                last += 1
            except NotFound:
                continue  # deleted meanwhile
            else:
                unlinked.append(row)
        self.log_deletions(request, unlinked)
        if last:
            message = f"The last login method of a user stays. Left unchanged: {last}."
            self.message_user(request, message, messages.WARNING)
        self.report(request, len(unlinked), "unlinked.")

    def delete_model(self, request: HttpRequest, obj: UserSocialAuth) -> None:
        """Raises LastLoginMethod and NotFound, which the admin shows as a page."""
        unlink_by_admin(obj.user, pk=obj.pk, by=ADMINISTRATOR, administrator=request.user.pk)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> list[LogEntry]:
        """In the history of each user. An entry for the link would keep the address after the user is deleted."""
        log_for_each(request, {row.user for row in queryset}, "Unlinked a provider.")
        return []

    @admin.display(description="id at the provider")
    def identity(self, row: UserSocialAuth) -> str:
        return row.uid

    @admin.display(description="provider")
    def provider_title(self, row: UserSocialAuth) -> str:
        return title(row.provider)
