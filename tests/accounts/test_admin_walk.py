"""Every page and every action of every registered admin, as each kind of staff, against each kind of user.

One rule holds for all of them: an administrator needs the permission for the model, and only a superuser changes what
belongs to staff. The walk takes the models from the admin itself, so it includes a page that is added later.
"""

from contextlib import contextmanager
from functools import partial

import pytest
from django.apps import apps
from django.contrib import admin as django_admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.db.models import ForeignKey
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from social_django.models import UserSocialAuth

from accounts.mail.queue import MailType, QueuedMail
from accounts.models import User
from sessions_api.adminkit.models import AdminAction
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.http.client import ClientInfo
from sessions_api.models import Session

from .test_admin_users import Filled

pytestmark = pytest.mark.once

KINDS = {  # of staff: the permissions of each, by the beginning of their codenames
    "no staff": (),
    "without permissions": (),
    "view only": ("view_",),
    "change": ("view_", "change_"),
    "delete": ("view_", "delete_"),
    "all permissions": ("view_", "add_", "change_", "delete_"),
    "superuser": (),
}
TARGETS = {"plain": {}, "staff": {"is_staff": True}, "superuser": {"is_staff": True, "is_superuser": True}}
OWNED = [  # the tables with rows of a user, but for the history of what that user did
    (model, field.attname)
    for model in apps.get_models(include_auto_created=True)
    for field in model._meta.fields
    if isinstance(field, ForeignKey) and field.related_model is User and model is not LogEntry
]

QUESTIONS = ("SELECT ", "SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ")


@pytest.fixture
def targets(db, settings):
    """A user of each kind, with a row in each table."""
    settings.SOCIAL_AUTH_GOOGLE_KEY = settings.SOCIAL_AUTH_GOOGLE_SECRET = "x"
    group = Group.objects.create(name="editors")
    made = {}
    for name, powers in TARGETS.items():
        user = made[name] = User.objects.create_user(f"{name}@example.org", "a password", **powers)
        Session.objects.start(user, method="password", client=ClientInfo())
        Event.objects.record(Tag.LOGIN, user)
        user.groups.add(group)
        UserSocialAuth.objects.create(user=user, provider="google", uid=name)
        for of in (user, None):
            failed = QueuedMail.objects.enqueue(MailType.RESET, email=user.email, user=of)
            QueuedMail.objects.filter(pk=failed.pk).update(due_at=None)
        Client().force_login(user)
    LogEntry.objects.log_actions(user.pk, [user], 2, change_message="Changed.", single_object=True)
    return made


@pytest.fixture(params=KINDS)
def staff(request, targets):
    """The browser of a member of staff of this kind."""
    kind = request.param
    actor = User.objects.create_user("actor@example.org", "a password", is_staff=kind != "no staff")
    actor.is_superuser = kind == "superuser"
    actor.save()
    for beginning in KINDS[kind]:
        actor.user_permissions.add(*Permission.objects.filter(codename__startswith=beginning))
    client = Client()
    client.force_login(actor)
    client.kind, client.actor = kind, actor
    return client


def state(targets):
    """All that a change of each user, or of a row of this user, would alter; and all groups. Reads each table once."""
    by_key = {user.pk: name for name, user in targets.items()}
    by_email = {user.email: name for name, user in targets.items()}
    found = {name: [] for name in targets}
    tables = [(User, "id", by_key), (QueuedMail, "email", by_email), *((*owned, by_key) for owned in OWNED)]
    for model, column, names in tables:
        for row in model.objects.order_by("pk").values():
            if row[column] in names:
                found[names[row[column]]].append((model, column, row))
    return found | {"group": list(Group.objects.order_by("pk").values("name", "permissions"))}


def writes(send):
    """Whether this request, which must not fail, sent the database more than questions."""
    with CaptureQueriesContext(connection) as sent:
        assert send().status_code < 500
    return not all(query["sql"].startswith(QUESTIONS) for query in sent)


@contextmanager
def undone():
    """What happens inside is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def registered():
    return django_admin.site._registry.items()


def rows(model, user):
    """The rows of this model that belong to this user; of a model without users, all."""
    if model is User:
        return [user]
    if model is QueuedMail:
        return QueuedMail.objects.filter(email=user.email)
    names = [name for owned, name in OWNED if owned is model]
    return model.objects.filter(**{names[0]: user.pk}) if names else model.objects.all()


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def actions(model_admin):
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_staff=True, is_active=True)
    return list(model_admin.get_actions(request)) if model_admin.actions is not None else []


def attempts(staff, model, model_admin, row):
    """Each change that this page could offer: what it is, and a call that sends it."""
    changes = {"email": "moved@example.org", "display_name": "Moved", "is_superuser": "on", "name": "moved"}
    change, delete = address(model, "change", row.pk), address(model, "delete", row.pk)
    form = Filled(staff.get(change).content.decode()).fields | changes
    form.pop("is_active", None)
    yield "change", lambda: staff.post(change, form)
    yield "delete", lambda: staff.post(delete, {"post": "yes"})
    for action in actions(model_admin):
        chosen = {"action": action, "_selected_action": [row.pk], "post": "yes"}
        yield action, lambda chosen=chosen: staff.post(address(model, "changelist"), chosen)


@pytest.mark.asvs("8.2.1", "8.2.2", "8.3.1")
def test_admin_pages_and_actions_change_only_what_this_administrator_may_change(staff, targets):
    changed, before = set(), state(targets)
    for model, model_admin in registered():
        for user in targets.values():
            for row in rows(model, user):
                for what, send in attempts(staff, model, model_admin, row):
                    with undone():
                        after = state(targets) if writes(send) else before
                    changed |= {
                        (model._meta.model_name, what, whose) for whose in after if after[whose] != before[whose]
                    }
    if staff.kind == "superuser":
        assert {other for _, _, other in changed} == {*TARGETS, "group"}
        return
    assert {other for _, _, other in changed} <= {"plain"}
    done = {(model, what) for model, what, _ in changed}
    edits = {
        ("user", what) for what in ("change", "disable", "revoke_sessions", "send_reset_mail", "send_verification_mail")
    } | {("queuedmail", "send_again")}
    deletions = {
        (model, what)
        for model in ("user", "session", "adminsession", "queuedmail", "usersocialauth")
        for what in ("delete", "delete_selected")
    }
    allowed = {"change": edits, "delete": deletions, "all permissions": edits | deletions}
    assert done == allowed.get(staff.kind, set())


@pytest.mark.asvs("8.2.1", "8.2.2")
def test_admin_pages_are_shown_only_with_a_permission(staff, targets):
    for model, _ in registered():
        first = {name: rows(model, user)[0] for name, user in targets.items()}
        pages = [address(model, "changelist")]
        pages += [address(model, page, row.pk) for row in first.values() for page in ("change", "history")]
        for path in pages:
            expected = {"no staff": 302, "without permissions": 403}.get(staff.kind, 200)
            assert staff.get(path).status_code == expected, path
        for name, row in first.items():
            status = staff.get(address(model, "delete", row.pk)).status_code
            may = staff.kind in {"delete", "all permissions"} and name == "plain" and model is not Group
            may = (may or staff.kind == "superuser") and model not in {Event, AdminAction}
            assert status == (200 if may else 302 if staff.kind == "no staff" else 403), (model, name)
        may_add = {User: {"all permissions", "superuser"}, Group: {"superuser"}}.get(model, set())
        status = staff.get(address(model, "add")).status_code
        assert status == (200 if staff.kind in may_add else 302 if staff.kind == "no staff" else 403), model


def test_admin_actions_of_staff_on_all_rows_leave_staff_alone(staff, targets):
    """One action on the whole list, where the rows of all users are selected at once."""
    if staff.kind == "superuser":
        return
    before = state(targets)
    for model, model_admin in registered():
        for action in actions(model_admin):
            chosen = [row.pk for user in targets.values() for row in rows(model, user)]
            form = {"action": action, "_selected_action": chosen, "post": "yes", "select_across": "1"}
            with undone():
                if writes(partial(staff.post, address(model, "changelist"), form)):
                    after = state(targets)
                    assert all(after[name] == before[name] for name in ("staff", "superuser")), (model, action)


def test_admin_walk_knows_every_kind_of_page_since_no_other_address_is_served():
    """A page that is not walked above, such as one that a `get_urls` adds, fails here."""
    known = {"changelist", "add", "change", "delete", "history"}
    for model, model_admin in registered():
        prefix = f"{model._meta.app_label}_{model._meta.model_name}_"
        names = {pattern.name.removeprefix(prefix) for pattern in model_admin.get_urls() if pattern.name}
        assert names - known - {"auth_user_password_change"} == set(), model
