"""Users, for those who run the service. Staff rows, flags and permissions are for superusers to touch."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import model_ngettext
from django.contrib.auth import admin as auth
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from sessions_api.adminkit.columns import time_column, user_link
from sessions_api.adminkit.large_tables import LargeTableAdmin
from sessions_api.adminkit.permissions import log_for_each, may_administer
from sessions_api.events.models import Event
from sessions_api.events.tags import ADMINISTRATOR, Tag
from sessions_api.models import Session
from sessions_api.revocation import revoke_by_admin

from .deletion import delete_users
from .email.verification import request_verification
from .mail.one_time_tokens import OneTimeToken
from .mail.queue import MailType, QueuedMail
from .models import User, UserQuerySet
from .passwords.reset import request_reset

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


class NewUserForm(forms.ModelForm):  # type: ignore[type-arg]
    tell = forms.BooleanField(
        label="Send them a mail to choose a password", required=False, initial=True, help_text="You cannot choose one."
    )

    class Meta:
        model = User
        fields = ("email", "display_name")


class UserForm(UserChangeForm):  # type: ignore[type-arg]
    """Only what was changed on the page counts: the rest may have changed elsewhere since the page was drawn."""

    password = None  # type: ignore[assignment]  # Django's own field leads to a form in which to choose one

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True

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
class UserAdmin(LargeTableAdmin, auth.UserAdmin):  # type: ignore[type-arg]
    form = UserForm
    add_form = NewUserForm
    add_form_template = None  # Django's is about passwords
    list_display = ("email", "display_name", "verified", "is_active", "is_staff", "created", "seen")
    list_filter = ("is_active", "is_staff", "is_superuser", VerifiedFilter)
    search_fields = ("email", "display_name")
    search_help_text = "Any part of an e-mail address or of a name."
    ordering = ("email",)
    actions = ("disable", "enable", "end_sessions", "send_reset_mail", "send_verification_mail")
    fieldsets = (
        (None, {"fields": ("email", "since", "display_name", "password_chosen")}),
        ("Access", {"fields": ("is_active", "seen")}),
        ("Rights", {"fields": RIGHTS}),
        ("History", {"fields": ("created", "updated")}),
    )
    add_fieldsets = ((None, {"classes": ["wide"], "fields": ("email", "display_name", "tell")}),)
    readonly_fields = ("since", "password_chosen", "seen", "created", "updated")
    since = time_column("email_verified_at", "verified since")
    created = time_column("created_at", "created", ordering="created_at")
    updated = time_column("updated_at", "last changed")
    seen = time_column("last_login", "last login", ordering="last_login")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_administer(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_administer(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return self.readonly_fields if request.user.is_superuser else (*self.readonly_fields, *RIGHTS)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> User | None:
        """Whom a POST is about stays locked until it is answered, so that nothing overtakes what is decided here."""
        user = super().get_object(request, object_id, from_field)
        if user is None or request.method != "POST":
            return user
        return User.objects.filter(pk=user.pk).lock().first()

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Whoever could choose a password for somebody could be them."""
        raise Http404

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            self.add(request, obj, mail=form.cleaned_data["tell"])
            return
        before = User.objects.get(pk=obj.pk)
        if obj.email != before.email:
            release_address(before)
            obj.email_verified_at = None  # it was the old address that was proven
        super().save_model(request, obj, form, change)
        if obj.is_active != before.is_active:
            record_each(Tag.ENABLED if obj.is_active else Tag.DISABLED, [obj])

    def add(self, request: HttpRequest, user: User, *, mail: bool) -> None:
        user.set_unusable_password()
        user.save(force_insert=True)
        record_each(Tag.REGISTERED, [user])
        if mail:
            request_reset(user.email)
            self.message_user(request, "A mail to choose a password is queued.", messages.INFO)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        self.delete_queryset(request, User.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        with transaction.atomic():
            Event.objects.record_each(Tag.DELETED, [(None, {"by": ADMINISTRATOR})] * delete_users(queryset))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """These users, and how much goes with them: to list all of it could be thousands of lines for each.

        Whoever may delete a user needs no permission of its own for that.
        """
        users = list(objs)
        missing = {str(self.opts.verbose_name) for user in users if not self.has_delete_permission(request, user)}
        counts = {str(self.opts.verbose_name_plural): len(users)}
        for model in (Session, Event):
            counts[str(model._meta.verbose_name_plural)] = model.objects.filter(user__in=users).count()
        links = [user_link(user) for user in users]
        return links, counts, missing, []

    @admin.action(permissions=["change"], description="Disable selected users, and end their sessions")
    def disable(self, request: HttpRequest, queryset: UserQuerySet) -> None:
        with self.each_logged(request, queryset, "Disabled.") as users:
            switch(users, on=False)

    @admin.action(permissions=["change"], description="Enable selected users")
    def enable(self, request: HttpRequest, queryset: UserQuerySet) -> None:
        with self.each_logged(request, queryset, "Enabled.") as users:
            switch(users, on=True)

    @admin.action(permissions=["change"], description="End all sessions of selected users")
    def end_sessions(self, request: HttpRequest, queryset: UserQuerySet) -> None:
        with self.each_logged(request, queryset, "Ended all sessions.") as users:
            revoke_by_admin(Session.objects.filter(user__in=users), by=ADMINISTRATOR)

    @admin.action(permissions=["change"], description="Send reset mail to selected users")
    def send_reset_mail(self, request: HttpRequest, queryset: UserQuerySet) -> None:
        reachable = self.leave_out(request, queryset, Q(is_active=False), "Disabled users get no mail")
        with self.each_logged(request, reachable, "Queued a reset mail.") as users:
            for user in users:
                request_reset(user.email)

    @admin.action(permissions=["change"], description="Send verification mail to selected users")
    def send_verification_mail(self, request: HttpRequest, queryset: UserQuerySet) -> None:
        reachable = self.leave_out(request, queryset, Q(is_active=False), "Disabled users get no mail")
        unproven = self.leave_out(request, reachable, Q(email_verified_at__isnull=False), "Their address is verified")
        with self.each_logged(request, unproven, "Queued a verification mail.") as users:
            for user in users:
                request_verification(user)

    def leave_out(self, request: HttpRequest, queryset: UserQuerySet, unfit: Q, why: str) -> UserQuerySet:
        """The other ones; the next page says how many were passed over, and why."""
        if number := queryset.filter(unfit).count():
            self.message_user(request, f"{why}. Passed over: {number}.", messages.WARNING)
        return queryset.exclude(unfit)

    @contextmanager
    def each_logged(self, request: HttpRequest, queryset: UserQuerySet, deed: str) -> Iterator[list[User]]:
        """Those of the chosen users whom this administrator may touch, locked; what was done is logged for each."""
        with transaction.atomic():
            users = self.administrable(request, queryset.order_by("pk").lock(), whose=lambda user: user)
            yield users
            log_for_each(request, users, deed)
        who = model_ngettext(self.opts, len(users))
        self.message_user(request, f"{len(users)} {who}: {deed.lower()}", messages.SUCCESS)

    @admin.display(boolean=True, ordering="email_verified_at")
    def verified(self, user: User) -> bool:
        return user.email_verified

    @admin.display(boolean=True, description="password chosen")
    def password_chosen(self, user: User) -> bool:
        return user.has_password


def switch(users: Iterable[User], *, on: bool) -> None:
    """Enable or disable these users, whose rows are locked; only those of whom this is news have an event."""
    changed = [user for user in users if user.is_active != on]
    User.objects.filter(pk__in=[user.pk for user in changed]).update(is_active=on, updated_at=timezone.now())
    record_each(Tag.ENABLED if on else Tag.DISABLED, changed)


def release_address(user: User) -> None:
    """The old address is told, and cannot take the account back from whom it is given to: neither by this mail, which
    has no link and does not say where administrators are, nor by an earlier one."""
    QueuedMail.objects.enqueue(MailType.EMAIL_CHANGED, email=user.email, user=user, by=ADMINISTRATOR)
    OneTimeToken.objects.revoke(user)
    user.one_time_tokens.mark_used()
    record_each(Tag.EMAIL_CHANGED, [user])


def record_each(tag: Tag, users: Iterable[User]) -> None:
    """That it was an administrator is in the user's events; which of them, in the history that they alone see."""
    Event.objects.record_each(tag, [(user.pk, {"by": ADMINISTRATOR}) for user in users])


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
