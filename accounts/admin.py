"""People, for those who run the service. Staff rows, flags and permissions are for superusers to touch."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import model_ngettext
from django.contrib.auth import admin as auth
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from sessions_api.admin import LargeTable, log_for_each, may_touch, moment
from sessions_api.models import Session

from .models import User, UserQuerySet

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


class NewPersonForm(AdminUserCreationForm):  # type: ignore[type-arg]
    usable_password = AdminUserCreationForm.create_usable_password_field(
        "Without one they come in another way, if any."
    )

    class Meta:
        model = User
        fields = ("email", "display_name")


class PersonForm(UserChangeForm):  # type: ignore[type-arg]
    """Only what was changed on the page counts: the rest may have changed elsewhere since the page was drawn."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = not field.disabled  # a disabled one is the hash of the password

    def clean(self) -> dict[str, Any]:
        super().clean()
        return {name: value for name, value in self.cleaned_data.items() if name in self.changed_data}


class VerifiedFilter(admin.SimpleListFilter):
    title = parameter_name = "verified"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Yes"), ("0", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(email_verified_at__isnull=self.value() == "0")


@admin.register(User)
class PersonAdmin(LargeTable, auth.UserAdmin):  # type: ignore[type-arg]
    form = PersonForm
    add_form = NewPersonForm
    list_display = ("email", "display_name", "verified", "is_active", "is_staff", "created", "seen")
    list_filter = ("is_active", "is_staff", "is_superuser", VerifiedFilter)
    search_fields = ("email", "display_name")
    search_help_text = "Any part of an e-mail address or of a name."
    ordering = ("email",)
    actions = ("disable", "enable", "end_sessions")
    fieldsets = (
        (None, {"fields": ("email", "since", "display_name", "password")}),
        ("Access", {"fields": ("is_active", "seen")}),
        ("Rights", {"fields": RIGHTS}),
        ("History", {"fields": ("created", "updated")}),
    )
    add_fieldsets = (
        (None, {"classes": ["wide"], "fields": ("email", "display_name", "usable_password", "password1", "password2")}),
    )
    readonly_fields = ("since", "seen", "created", "updated")
    since = moment("email_verified_at", "verified since")
    created = moment("created_at", "created", ordering="created_at")
    updated = moment("updated_at", "last changed")
    seen = moment("last_login", "last login", ordering="last_login")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_touch(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return self.readonly_fields if request.user.is_superuser else (*self.readonly_fields, *RIGHTS)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> User | None:
        """Whom a POST is about stays locked until it is answered, so that nothing overtakes what is decided here."""
        person = super().get_object(request, object_id, from_field)
        if person is None or request.method != "POST":
            return person
        return User.objects.filter(pk=person.pk).lock().first()

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        with transaction.atomic():  # as Django does for its other forms
            return super().user_change_password(request, id, form_url)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if change and obj.email != form.initial["email"]:
            obj.email_verified_at = None  # it was the old address that was proven
        super().save_model(request, obj, form, change)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Whoever may delete a person needs no permission of its own for the sessions that go with them."""
        deleted, counts, missing, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, missing - {Session._meta.verbose_name}, protected

    @admin.action(permissions=["change"], description="Disable selected people, and end their sessions")
    def disable(self, request: HttpRequest, queryset: UserQuerySet) -> None:
        with self.each_logged(request, queryset, "Disabled.") as people:
            people.update(is_active=False, updated_at=timezone.now())

    @admin.action(permissions=["change"], description="Enable selected people")
    def enable(self, request: HttpRequest, queryset: UserQuerySet) -> None:
        with self.each_logged(request, queryset, "Enabled.") as people:
            people.update(is_active=True, updated_at=timezone.now())

    @admin.action(permissions=["change"], description="End all sessions of selected people")
    def end_sessions(self, request: HttpRequest, queryset: UserQuerySet) -> None:
        with self.each_logged(request, queryset, "Ended all sessions.") as people:
            Session.objects.filter(user__in=people).revoke()

    @contextmanager
    def each_logged(self, request: HttpRequest, queryset: UserQuerySet, deed: str) -> Iterator[UserQuerySet]:
        """Those of the chosen people whom this administrator may touch, locked; what was done is logged for each."""
        with transaction.atomic():
            people = self.touchable(request, queryset.order_by("pk").lock(), whose=lambda person: person)
            yield User.objects.filter(pk__in=[person.pk for person in people])
            log_for_each(request, people, deed)
        who = model_ngettext(self.opts, len(people))
        self.message_user(request, f"{len(people)} {who}: {deed.lower()}", messages.SUCCESS)

    @admin.display(boolean=True, ordering="email_verified_at")
    def verified(self, person: User) -> bool:
        return person.email_verified


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(auth.GroupAdmin):
    """A group gives permissions, so whoever could change one could give themselves any."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return request.user.is_superuser
