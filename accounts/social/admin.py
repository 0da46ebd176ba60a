"""social-auth's tables in the admin: who is linked, to look at and to delete; the rest is nobody's business."""

from django.contrib import admin
from django.http import HttpRequest
from social_django.models import Association, Nonce, UserSocialAuth

for table in (Association, Nonce, UserSocialAuth):
    admin.site.unregister(table)


@admin.register(UserSocialAuth)
class ConnectionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("user", "provider", "uid", "created")
    list_filter = ("provider",)
    list_select_related = ("user",)
    search_fields = ("user__email__startswith", "uid__exact")
    fields = readonly_fields = ("user", "provider", "uid", "created", "modified")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: UserSocialAuth | None = None) -> bool:
        return False
