"""The admin's pages for users and groups.

Staff who are not superusers need the matching permission for each list and cannot change other staff accounts.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import admin as auth
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from sessions_api.admin_sessions.models import AdminSession
from sessions_api.adminkit.columns import ChoiceFilter, time_column, user_link
from sessions_api.adminkit.large_tables import LargeTableAdmin, bounded_count
from sessions_api.adminkit.permissions import log_for_each, may_administer
from sessions_api.events.models import ADMINISTRATOR, Event, Tag
from sessions_api.models import Session
from sessions_api.revocation import revoke_by_admin

from .deletion import delete_users
from .email.verification import request_change_by_admin, request_verification
from .mail.models import OneTimeToken
from .models import User, UserQuerySet
from .passwords.reset import request_reset

DELETED_AT_ONCE = 500  # users in a request and its transaction: short, so that logins beside it do not wait
ADDRESS_HELP = "Another address gets a mail, and becomes the user's when the user, logged in, confirms it."
PERMISSION_FIELDS = ("is_staff", "is_superuser", "groups", "user_permissions")


def has_in_name(word: str) -> Q:
    """Databases ignore the case of ASCII only (SQLite), or by their locale. So it looks for the usual spellings."""
    spellings = {word, word.lower(), word.upper(), word.title()}
    return reduce(or_, [Q(display_name__icontains=spelling) for spelling in spellings])


class NewUserForm(forms.ModelForm):  # type: ignore[type-arg]
    send_mail = forms.BooleanField(
        label="Send the user a mail to choose a password",
        required=False,
        initial=True,
        help_text="An administrator cannot set the password of another user.",
    )

    class Meta:
        model = User
        fields = ("email", "display_name")

    def clean_email(self) -> str:
        """Refuses an address that an earlier owner can still take back, as registration does."""
        email: str = self.cleaned_data["email"]
        if OneTimeToken.objects.reserving(email).exists():
            raise forms.ValidationError("Another user can still take this address back.", code="reserved")
        return email


class UserForm(UserChangeForm):  # type: ignore[type-arg]
    """Saves only the fields that were changed on the page: the others may have changed since the page was rendered."""

    password = None  # type: ignore[assignment]  # Django's own field links to a form that sets a password

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True
        if "email" in self.fields:
            self.fields["email"].help_text = ADDRESS_HELP

    def clean(self) -> dict[str, Any]:
        super().clean()
        return {name: value for name, value in self.cleaned_data.items() if name in self.changed_data}


class DeletionForm(forms.Form):
    """The fields that the pages of `UserAdmin.delete_selected` add to those of the list."""

    post = forms.BooleanField(required=False)  # the administrator pressed the button
    number = forms.IntegerField(required=False)  # of users that are left, as the page said
    total = forms.IntegerField(required=False)  # of users that the administrator confirmed, once a batch is deleted
    started = forms.DateTimeField(required=False)  # when the page that asks was shown

    def confirms(self, number: int) -> bool:
        """Whether the administrator confirmed it. For “all”, only so many users as the page said."""
        named = self.cleaned_data.get("number")
        everything = self.data.get("select_across", "0") != "0"
        return self.cleaned_data["post"] and (not everything or (named is not None and number <= named))


class VerifiedFilter(ChoiceFilter):
    title = parameter_name = "verified"

    def labels(self) -> dict[str, str]:
        return {"1": "Yes", "0": "No"}

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(email_verified_at__isnull=value == "0")


@admin.register(User)
class UserAdmin(LargeTableAdmin, auth.UserAdmin):  # type: ignore[type-arg]
    form = UserForm
    add_form = NewUserForm
    add_form_template = None  # Django's explains how to set a password
    list_display = ("email", "display_name", "verified", "is_active", "is_staff", "created", "logged_in")
    list_filter = ("is_active", "is_staff", "is_superuser", VerifiedFilter)
    allowed_lookups = ("is_active__exact", "is_staff__exact", "is_superuser__exact", "verified")
    search_fields = ("email", "display_name")
    search_help_text = "Any part of an email address or of a name."
    ordering = ("email",)
    any_number = ("delete_selected",)
    actions = ("disable", "enable", "revoke_sessions", "send_reset_mail", "send_verification_mail", "delete_selected")
    fieldsets = (
        (None, {"fields": ("email", "verified_since", "display_name", "password_set")}),
        ("Access", {"fields": ("is_active", "logged_in")}),
        ("Permissions", {"fields": PERMISSION_FIELDS}),
        ("History", {"fields": ("created", "updated")}),
    )
    add_fieldsets = ((None, {"classes": ["wide"], "fields": ("email", "display_name", "send_mail")}),)
    readonly_fields = ("verified_since", "password_set", "logged_in", "created", "updated")
    verified_since = time_column("email_verified_at", "verified since")
    created = time_column("created_at", "created", ordering="created_at")
    updated = time_column("updated_at", "last changed")
    logged_in = time_column("last_login", "last login", ordering="last_login")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """The users in whose address or name each word of the term stands, in any case."""
        for word in search_term.split():
            queryset = queryset.filter(has_in_name(word) | Q(email__contains=word))
        return queryset, False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_administer(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_administer(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return self.readonly_fields if request.user.is_superuser else (*self.readonly_fields, *PERMISSION_FIELDS)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> User | None:
        """The user of a POST, whose row stays locked until the answer, so that no other change overtakes this one."""
        user = super().get_object(request, object_id, from_field)
        if user is None or request.method != "POST":
            return user
        return User.objects.filter(pk=user.pk).lock().first()

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Not offered: an administrator who sets a user's password could log in as that user."""
        raise Http404

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            self.add_user(request, obj, send_mail=form.cleaned_data["send_mail"])
            return
        before = User.objects.get(pk=obj.pk)
        if obj.email != before.email:
            self.request_address(request, before, email=obj.email)
            obj.email = before.email
        super().save_model(request, obj, form, change)
        if obj.is_active != before.is_active:
            record_each(request, Tag.ENABLED if obj.is_active else Tag.DISABLED, [obj])
        if granted := [name for name in PERMISSION_FIELDS if name in form.changed_data]:
            record_each(request, Tag.PERMISSIONS_CHANGED, [obj], changed=", ".join(granted))

    def request_address(self, request: HttpRequest, user: User, *, email: str) -> None:
        """An administrator who could set an address could have the reset mail sent there, and log in as that user."""
        request_change_by_admin(user, email=email, by=ADMINISTRATOR, administrator=request.user.pk)
        text = f"A mail to {email} is queued. The address changes when the user, logged in, confirms it."
        self.message_user(request, text, messages.INFO)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, dict[str, list[str]]]]:
        """As Django's, but another address was only requested. The history says so without the address."""
        message = super().construct_change_message(request, form, formsets, add)
        for names in (part["changed"].get("fields", []) for part in message if not add and "changed" in part):
            names[:] = ["Email address (requested)" if name == "Email address" else name for name in names]
        return message

    def add_user(self, request: HttpRequest, user: User, *, send_mail: bool) -> None:
        """Raises EmailTaken, which rolls back the request, where another user can take the address back by now."""
        user.set_unusable_password()
        user.save(force_insert=True)
        OneTimeToken.objects.require_unreserved(user)
        record_each(request, Tag.REGISTERED, [user])
        if send_mail:
            request_reset(user.email)
            self.message_user(request, "A mail to choose a password is queued.", messages.INFO)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        self.delete_queryset(request, User.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        with transaction.atomic():
            told = [(None, {"by": ADMINISTRATOR})] * delete_users(queryset)
            Event.objects.record_each(Tag.DELETED, told, administrator=request.user.pk)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """These users, and only the number of their sessions and events, which may be thousands.

        The permission to delete a user includes everything that is deleted with the user.
        """
        users = list(objs)
        missing = {str(self.opts.verbose_name) for user in users if not self.has_delete_permission(request, user)}
        keys = User.objects.filter(pk__in=[user.pk for user in users])
        counts = {str(self.opts.verbose_name_plural): len(users)} | rows_of(keys)
        return [user_link(user) for user in users], counts, missing, []

    @admin.action(permissions=["delete"], description="Delete selected users")
    def delete_selected(self, request: HttpRequest, queryset: UserQuerySet) -> HttpResponse | None:
        """Replaces Django's action, whose page sends each user back as a field: Django refuses a thousand fields.

        The pages of this one send what the list sent. Each request deletes one batch, and its page asks for the next:
        so any number works, after an interruption too. Users who register after the first page are kept. The
        administrator who asks is left out, because the history of each deletion needs its author.
        """
        form = DeletionForm(request.POST)
        form.is_valid()  # an invalid field counts as left out
        total, started = form.cleaned_data.get("total"), form.cleaned_data.get("started") or timezone.now()
        queryset = self.deletable(request, queryset, tell=not total)
        users = queryset.filter(created_at__lte=started)
        number = users.count()
        if not (number or total):
            return None
        if not form.confirms(number):
            return self.confirm_deletion(request, queryset)
        self.delete_batch(request, users)
        if number > DELETED_AT_ONCE:
            return self.continue_deletion(request, total or number, number - DELETED_AT_ONCE, started)
        self.report(request, total or number, "deleted.")
        return None

    def deletable(self, request: HttpRequest, users: UserQuerySet, *, tell: bool) -> UserQuerySet:
        """These users without the administrator who asks. Raises PermissionDenied for staff among them."""
        own = Q(pk=request.user.pk)
        others = (
            self.leave_out(request, users, own, "You cannot delete yourself in a list") if tell else users.exclude(own)
        )
        if not request.user.is_superuser and others.filter(Q(is_staff=True) | Q(is_superuser=True)).exists():
            raise PermissionDenied
        return others

    def delete_batch(self, request: HttpRequest, users: QuerySet[User]) -> None:
        with transaction.atomic():
            keys = list(users.order_by("pk").values_list("pk", flat=True)[:DELETED_AT_ONCE])
            batch = User.objects.filter(pk__in=keys)
            self.log_deletions(request, batch)
            self.delete_queryset(request, batch)

    def confirm_deletion(self, request: HttpRequest, users: UserQuerySet) -> HttpResponse:
        started = timezone.now()  # before they are counted
        shown, number = list(users[: self.list_per_page]), users.count()
        context = {
            "title": "Delete users",
            "started": started,
            "number": number,
            "counts": rows_of(users),
            "links": [user_link(user) for user in shown],
            "more": number - len(shown),
        }
        return self.deletion_page(request, "delete_selected_confirmation.html", context)

    def continue_deletion(self, request: HttpRequest, total: int, left: int, started: datetime) -> HttpResponse:
        context = {"title": "Deleting users", "number": left, "total": total, "done": total - left, "started": started}
        return self.deletion_page(request, "delete_selected_progress.html", context)

    def deletion_page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        sent = {"chosen": request.POST.getlist("_selected_action"), "across": request.POST.get("select_across", "0")}
        page = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"admin/accounts/user/{template}", page | sent | context)

    @admin.action(permissions=["change"], description="Disable selected users")
    def disable(self, request: HttpRequest, queryset: UserQuerySet) -> None:
        with self.held_and_logged(request, queryset, "Disabled.") as users:
            set_active(request, users, active=False)

    @admin.action(permissions=["change"], description="Enable selected users")
    def enable(self, request: HttpRequest, queryset: UserQuerySet) -> None:
        with self.held_and_logged(request, queryset, "Enabled.") as users:
            set_active(request, users, active=True)

    @admin.action(permissions=["change"], description="Revoke all sessions of selected users")
    def revoke_sessions(self, request: HttpRequest, queryset: UserQuerySet) -> None:
        with self.held_and_logged(request, queryset, "Revoked all sessions.") as users:
            sessions, at_admin = Session.objects.filter(user__in=users), AdminSession.objects.filter(user__in=users)
            revoke_by_admin(sessions, at_admin, by=ADMINISTRATOR, administrator=request.user.pk)

    @admin.action(permissions=["change"], description="Send reset mail to selected users")
    def send_reset_mail(self, request: HttpRequest, queryset: UserQuerySet) -> None:
        reachable = self.leave_out(request, queryset, Q(is_active=False), "Disabled users get no mail")
        with self.held_and_logged(request, reachable, "Queued a reset mail.") as users:
            for user in users:
                request_reset(user.email)

    @admin.action(permissions=["change"], description="Send verification mail to selected users")
    def send_verification_mail(self, request: HttpRequest, queryset: UserQuerySet) -> None:
        reachable = self.leave_out(request, queryset, Q(is_active=False), "Disabled users get no mail")
        verified = Q(email_verified_at__isnull=False)
        unverified = self.leave_out(request, reachable, verified, "Users with a verified address get no mail")
        with self.held_and_logged(request, unverified, "Queued a verification mail.") as users:
            for user in users:
                request_verification(user)

    def leave_out(self, request: HttpRequest, queryset: UserQuerySet, excluded: Q, reason: str) -> UserQuerySet:
        """The users that are not excluded. The next page says how many were left out, and why."""
        if number := queryset.filter(excluded).count():
            self.message_user(request, f"{reason}. Left out: {number}.", messages.WARNING)
        return queryset.exclude(excluded)

    @contextmanager
    def held_and_logged(self, request: HttpRequest, queryset: UserQuerySet, done: str) -> Iterator[list[User]]:
        """The selected users that this administrator may change, rows held. Then the history of each says `done`."""
        with transaction.atomic():
            users = self.administrable(request, queryset.order_by("pk").lock())
            yield users
            log_for_each(request, users, done)
        self.report(request, len(users), done.lower())

    def users_of(self, rows: list[User]) -> list[User]:
        return rows

    @admin.display(boolean=True, ordering="email_verified_at")
    def verified(self, user: User) -> bool:
        return user.email_verified

    @admin.display(boolean=True, description="password set")
    def password_set(self, user: User) -> bool:
        return user.has_password


def rows_of(users: QuerySet[User]) -> dict[str, int]:
    """How many sessions and events these users have, by the name of the model; “10,000+” of many."""
    keys = users.order_by().values("pk")
    models = (Session, Event)
    return {
        str(model._meta.verbose_name_plural): bounded_count(model.objects.filter(user__in=keys)) for model in models
    }


def set_active(request: HttpRequest, users: Iterable[User], *, active: bool) -> None:
    """Enable or disable these users, whose rows are locked. Only a user for whom this is a change gets an event."""
    changed = [user for user in users if user.is_active != active]
    User.objects.filter(pk__in=[user.pk for user in changed]).update(is_active=active, updated_at=timezone.now())
    record_each(request, Tag.ENABLED if active else Tag.DISABLED, changed)


def record_each(request: HttpRequest, tag: Tag, users: Iterable[User], **data: str) -> None:
    """The user sees only that it was an administrator; the column `administrator` says which one."""
    told = [(user.pk, {"by": ADMINISTRATOR} | data) for user in users]
    Event.objects.record_each(tag, told, administrator=request.user.pk)


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(LargeTableAdmin, auth.GroupAdmin):
    """Only superusers change groups: a group grants permissions, so its editor could grant themselves any."""

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return request.user.is_superuser

    has_add_permission = has_delete_permission = has_change_permission
