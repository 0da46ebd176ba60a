"""Which provider's users are linked to which accounts: read-only, and unlinking is the story of `connections.py`."""

from operator import attrgetter
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import model_ngettext
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from social_django import admin as social_django_admin  # noqa: F401 (registers its pages; it would replace ours later)
from social_django.models import Association, Nonce, UserSocialAuth

from accounts.social.providers.registry import title
from sessions_api.adminkit.columns import time_column, user_link
from sessions_api.adminkit.large_tables import LargeTableAdmin
from sessions_api.adminkit.permissions import log_for_each, may_administer
from sessions_api.events.tags import ADMINISTRATOR
from sessions_api.http.errors import NotFound

from .connections import unlink_by_admin
from .errors import LastLoginMethod

# Whichever app comes first in INSTALLED_APPS: the import above registers them, and a second import registers nothing.
admin.site.unregister([UserSocialAuth, Nonce, Association])  # whose forms can give an identity to another user


class ProviderFilter(admin.SimpleListFilter):
    title = parameter_name = "provider"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, title(name)) for name in settings.OAUTH_PROVIDERS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[UserSocialAuth]) -> QuerySet[UserSocialAuth]:
        return queryset.filter(provider=self.value()) if self.value() else queryset


@admin.register(UserSocialAuth)
class UserSocialAuthAdmin(LargeTableAdmin):
    list_display = ("identity", "account", "provider_title", "linked")
    list_filter = (ProviderFilter,)
    list_select_related = ("user",)
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("user__email__startswith", "uid__exact")
    search_help_text = "The beginning of an e-mail address, or exactly the provider's id of a user."
    actions = ("delete_selected",)
    fields = readonly_fields = ("identity", "account", "provider_title", "linked")

    linked = time_column("created", "linked")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: UserSocialAuth | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: UserSocialAuth | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_administer(request, obj and obj.user)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "provider"

    @admin.action(permissions=["delete"], description="Unlink selected identities")
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[UserSocialAuth]) -> None:
        """In place of Django's action, which would delete rows without event, mail and the check for the last one."""
        unlinked, last = [], 0
        for row in self.administrable(request, queryset, attrgetter("user")):
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
            warning = f"The last login method of a user stays. Left as they are: {last}."
            self.message_user(request, warning, messages.WARNING)
        number = len(unlinked)
        self.message_user(request, f"{number} {model_ngettext(self.opts, number)}: unlinked.", messages.SUCCESS)

    def delete_model(self, request: HttpRequest, obj: UserSocialAuth) -> None:
        """Raises LastLoginMethod and NotFound, which the admin shows as a page."""
        unlink_by_admin(obj.user, pk=obj.pk, by=ADMINISTRATOR)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> list[LogEntry]:
        """In the history of each user, which is deleted with the user. An entry of its own would keep the address."""
        log_for_each(request, {row.user for row in queryset}, "Unlinked a provider.")
        return []

    @admin.display(description="provider's id of the user")
    def identity(self, row: UserSocialAuth) -> str:
        return row.uid

    @admin.display(description="user")
    def account(self, row: UserSocialAuth) -> SafeString:
        return user_link(row.user)

    @admin.display(description="provider")
    def provider_title(self, row: UserSocialAuth) -> str:
        return title(row.provider)
