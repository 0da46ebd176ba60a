"""Users in the admin, by the forms that its pages show and by forged ones."""

import re
from collections import defaultdict
from html.parser import HTMLParser
from threading import Thread

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.mail.queue import QueuedMail
from accounts.models import User
from sessions_api.events.models import Event

from ..users import link

LIST = "/admin/accounts/user/"
ADD = LIST + "add/"


def page(user, name="change"):
    return f"{LIST}{user.pk}/{name}/"


class Filled(HTMLParser):
    """What a browser would send for a page as it stands."""

    def __init__(self, html):
        super().__init__()
        self.fields = defaultdict(list)
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "select":
            self.select = given["name"]
        elif tag == "option" and "selected" in given:
            self.fields[self.select].append(given["value"])
        elif tag == "input" and "name" in given:
            choice, button = given["type"] in {"checkbox", "radio"}, given["type"] == "submit"
            if not button and (not choice or "checked" in given):
                self.fields[given["name"]].append(given.get("value", "on"))


def filled(client, user):
    return dict(Filled(client.get(page(user)).content.decode()).fields)


def act(client, action, *users, **more):
    """The answer to an action on these users, after its redirect."""
    form = {"action": action, "_selected_action": [user.pk for user in users], **more}
    return client.post(LIST, form, follow=True)


def shown(answer):
    return [user.email for user in answer.context["cl"].result_list]


@pytest.fixture
def helper(db):
    """The browser of a staff user who has every permission and is not a superuser."""
    user = User.objects.create_user("helper@example.org", "the password of helper", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture(params=["is_staff", "is_superuser"])
def staff(request, db):
    return User.objects.create_user("staff@example.org", "the password of staff", **{request.param: True})


# Looking


@pytest.mark.parametrize("query", ["alice", "LICE@EXAM", "liddell", "Alice Liddell"])
def test_admin_user_search_finds_any_part_of_address_or_name(admin, alice, bob, user, query):
    user.rename("Alice Liddell")
    assert shown(admin.get(LIST, {"q": query})) == [alice.email]


@pytest.mark.parametrize(
    "query", ["özlem", "ÖZLEM", "şahin", "İNFO", "@BÜCHER.ex", "Info@Bücher.example", "xn--bcher", "ｉnfo ÖZLEM"]
)
def test_admin_user_search_ignores_case_and_spelling_in_every_database(admin, alice, query):
    User.objects.create_user("info@bücher.example", display_name="Özlem Şahin İNFO")
    with CaptureQueriesContext(connection) as asked:
        assert shown(admin.get(LIST, {"q": query})) == ["info@xn--bcher-kva.example"]
    assert not [query for query in asked if 'UPPER("accounts_user"."email"' in query["sql"]]  # depends on the locale


@pytest.mark.parametrize("query", ["'", "%", "\\", "\ud800".encode("utf-8", "surrogatepass")])
def test_admin_user_search_for_nonsense_is_answered(admin, alice, query):
    assert admin.get(LIST, {"q": query}).status_code == 200


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({"is_active__exact": "0"}, ["bob@example.org"]),
        ({"is_staff__exact": "1"}, ["root@example.org"]),
        ({"is_superuser__exact": "0"}, ["alice@example.org", "bob@example.org"]),
        ({"verified": "1"}, ["root@example.org"]),
        ({"verified": "0"}, ["alice@example.org", "bob@example.org"]),
    ],
)
def test_admin_user_list_filters(admin, alice, bob, chosen, found):
    User.objects.filter(email=bob.email).update(is_active=False)
    assert shown(admin.get(LIST, chosen)) == found


def test_admin_user_list_costs_as_many_queries_for_fifty_as_for_five(admin):
    def statements(count):
        User.objects.bulk_create(User(email=f"{count}-{n}@example.org") for n in range(count))
        with CaptureQueriesContext(connection) as captured:
            assert admin.get(LIST).status_code == 200
        return len(captured)

    assert statements(5) == statements(45) <= 4


@pytest.mark.asvs("14.2.6")
def test_admin_user_pages_show_no_password_hash(admin, helper, alice, user):
    secret = user.password.rpartition("$")[2]
    for client in (admin, helper):
        for name in ("change", "delete", "history"):
            assert secret not in client.get(page(user, name)).content.decode()
    root = User.objects.get(email="root@example.org")
    assert root.password.rpartition("$")[2] not in helper.get(page(root)).content.decode()


@pytest.mark.asvs("14.2.6")
def test_admin_user_list_refuses_lookups_of_secrets(admin, helper, alice):
    for client in (admin, helper):
        assert client.get(LIST, {"password__startswith": "argon2"}).status_code == 400
        assert client.get(LIST, {"sessions__digest__gt": "a"}).status_code == 400


# Adding


def is_plain(user):
    powers = (user.is_staff, user.is_superuser, user.groups.exists(), user.user_permissions.exists())
    return not any(powers) and not user.email_verified


def new(**more):
    return {"email": "carol@example.org"} | more


def test_admin_add_user_stores_the_canonical_address(admin):
    assert admin.post(ADD, new(email=" Carol@EXAMPLE.org ", display_name="Carol")).status_code == 302
    carol = User.objects.get(email="carol@example.org")
    assert carol.display_name == "Carol"
    assert is_plain(carol)


@pytest.mark.asvs("6.4.1")
def test_admin_add_user_sends_a_mail_to_choose_a_password(admin, api, mailbox):
    assert 'name="send_mail" id="id_send_mail" checked' in admin.get(ADD).content.decode().replace(
        ' aria-describedby="id_send_mail_helptext"', ""
    )
    answer = admin.post(ADD, new(send_mail="on"), follow=True)
    assert "A mail to choose a password is queued." in said(answer)
    body = {"token": mailbox.token("carol@example.org"), "new_password": "the password of carol"}
    assert api.call("POST", "/api/auth/password/reset/confirm", body).status_code == 204
    assert api.login("carol@example.org", "the password of carol").status_code == 200


def test_admin_add_user_without_mail_sets_no_password(admin, api, mailbox):
    assert (
        admin.post(ADD, new(password="a password", password1="a password", password2="a password")).status_code == 302
    )
    assert not User.objects.get(email="carol@example.org").has_password
    assert mailbox.new() == []
    assert api.login("carol@example.org", "a password").status_code == 401


@pytest.mark.postgres
@pytest.mark.asvs("15.4.2")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("url", "model", "unique"),
    [(ADD, User, {"email": "carol@example.org"}), ("/admin/auth/group/add/", Group, {"name": "editors"})],
)
def test_admin_form_that_is_saved_twice_at_once_shows_its_own_error(admin, url, model, unique):
    answers = []

    def save():
        answers.append(admin.post(url, unique))
        connection.close()

    saving = Thread(target=save)
    with transaction.atomic():
        model.objects.create(**unique)
        saving.start()
        assert is_waiting(saving)
    saving.join()
    (answer,) = answers
    assert (answer.status_code, answer.context["adminform"].errors.keys()) == (200, unique.keys())
    assert model.objects.filter(**unique).count() == 1


@pytest.mark.parametrize("twin", ["alice@example.org", "ALICE@example.ORG", "ａlice@example.org", "alice@example。org"])
def test_admin_user_form_refuses_a_taken_address(admin, alice, bob, twin):
    answer = admin.post(ADD, new(email=twin))
    assert answer.context["adminform"].errors.keys() == {"email"}
    bobs = page(User.objects.get(email=bob.email))
    assert admin.post(bobs, {"email": twin}).context["adminform"].errors.keys() == {"email"}


@pytest.mark.parametrize("address", ["", "ålice@example.org", "alice", "a@b", "alice@127.0.0.1", "A <a@example.org>"])
def test_admin_user_form_refuses_an_invalid_address(admin, address):
    assert admin.post(ADD, new(email=address)).context["adminform"].errors.keys() == {"email"}
    assert User.objects.count() == 1


@pytest.mark.asvs("6.4.6")
def test_admin_offers_no_way_to_set_another_users_password(admin, helper, api, alice, user, root):
    form = {"password1": "a new password", "password2": "a new password", "usable_password": "true"}
    for client in (admin, helper):
        for target in (user, root):
            assert client.get(page(target, "password")).status_code == 404
            assert client.post(page(target, "password"), form).status_code == 404
        assert 'type="password"' not in client.get(ADD).content.decode()
        html = client.get(page(user)).content.decode()
        assert 'type="password"' not in html
        assert "/password/" not in html
        assert 'alt="True"' in html.partition("Password set")[2]
    assert admin.post(page(user), filled(admin, user) | {"password": "!"} | form).status_code == 302
    assert api.login(alice.email, alice.password).status_code == 200


@pytest.mark.asvs("6.2.1")
@pytest.mark.parametrize(
    ("first", "second"), [("short", "short"), ("password123", "password123"), ("a password", ""), ("", ""), ("a", "b")]
)
def test_admin_own_password_must_be_acceptable_and_typed_twice(admin, root, first, second):
    path, old = "/admin/password_change/", {"old_password": "the password of root"}
    answer = admin.post(path, old | {"new_password1": first, "new_password2": second})
    assert answer.context["form"].errors
    assert User.objects.get(pk=root.pk).password == root.password
    assert admin.post(path, old | {"new_password1": "a new one", "new_password2": "a new one"}).status_code == 302
    assert User.objects.get(pk=root.pk).check_password("a new one")


@pytest.mark.asvs("6.2.6", "6.2.7")
def test_admin_password_fields_are_masked_and_allow_password_managers(admin):
    pages = {"/admin/login/": "current-password", "/admin/password_change/": "new-password"}
    for path, meant in pages.items():
        client = Client() if "login" in path else admin
        html = client.get(path).content.decode()
        fields = [tag for tag in html.split("<") if tag.startswith("input") and 'name="' in tag and "password" in tag]
        typed = [tag for tag in fields if 'name="next"' not in tag]
        assert typed
        assert all('type="password"' in tag for tag in typed), path
        assert f'autocomplete="{meant}"' in typed[-1]
        assert "onpaste" not in html


# Changing


def test_admin_change_user_keeps_unchanged_fields(admin, api, alice, user):
    admin.post(page(user), filled(admin, user) | {"display_name": "Alice Liddell"})
    user.refresh_from_db()
    assert (user.display_name, user.email, user.is_active) == ("Alice Liddell", alice.email, True)
    assert api.is_live(alice.token)


def test_admin_change_user_from_an_old_page_keeps_later_changes(admin, alice, user):
    editors = Group.objects.create(name="editors")
    old = filled(admin, user)
    User.objects.filter(pk=user.pk).update(is_active=False, email="alice@example.com", is_staff=True)
    user.groups.add(editors)
    assert admin.post(page(user), old | {"display_name": "Alice Liddell"}).status_code == 302
    user.refresh_from_db()
    assert (user.display_name, user.is_active, user.is_staff) == ("Alice Liddell", False, True)
    assert user.email == "alice@example.com"
    assert list(user.groups.all()) == [editors]


def test_admin_change_user_from_an_old_page_does_not_recreate_a_deleted_user(admin, alice, user):
    old = filled(admin, user)
    user.delete()
    assert admin.post(page(user), old | {"display_name": "Alice Liddell"}).status_code == 302
    assert not User.objects.filter(email=alice.email).exists()


def is_waiting(thread):
    """Whether this thread comes to wait for the transaction of the caller, before it ends."""
    with connection.cursor() as cursor:
        while thread.is_alive():
            cursor.execute("SELECT true FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid")
            if cursor.fetchone():
                return True
    return False


@pytest.mark.postgres
@pytest.mark.asvs("15.4.2")
@pytest.mark.django_db(transaction=True)
def test_admin_change_user_waits_for_a_concurrent_disabling_and_keeps_it(admin, alice, user):
    form = filled(admin, user) | {"display_name": "Alice Liddell"}

    def save():
        admin.post(page(user), form)
        connection.close()

    saving = Thread(target=save)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=False)
        saving.start()
        assert is_waiting(saving)
    saving.join()
    user.refresh_from_db()
    assert not user.is_active
    assert user.display_name == "Alice Liddell"


def set_address(client, user, email):
    """The answer to the form with another address, after its redirect."""
    return client.post(page(user), filled(client, user) | {"email": email}, follow=True)


def test_admin_address_change_to_another_spelling_of_the_same_address_changes_and_sends_nothing(admin, user, mailbox):
    mailbox.new()
    User.objects.filter(pk=user.pk).update(email_verified_at=timezone.now())
    set_address(admin, user, "ALICE@example.org")
    user.refresh_from_db()
    assert user.email_verified
    assert mailbox.new() == []


@pytest.mark.parametrize("verified", [True, False])
def test_admin_address_change_by_staff_cannot_take_over_an_account(helper, api, alice, user, mailbox, verified):
    """The staff user sets an address of their own, reads its mail, and asks for a reset there."""
    mailbox.new()
    if verified:
        User.objects.filter(pk=user.pk).update(email_verified_at=timezone.now())
    theirs = "helper+alice@example.org"
    answer = set_address(helper, user, theirs)
    assert f"A mail to {theirs} is queued." in said(answer)[0]
    token = mailbox.token(theirs, "Confirm your new address")
    helpers = api.login(helper.user.email, "the password of helper").json()["token"]
    for confirms in (helpers, ""):
        answer = api.call("POST", "/api/auth/email/change/confirm", {"token": token}, token=confirms)
        assert answer.status_code == (400 if confirms else 401)
    for address in (theirs, user.email):
        api.call("POST", "/api/auth/password/reset", {"email": address})
        act(helper, "send_reset_mail", user)
    about_alice = {tuple(mail.to) for mail in mailbox.new()} - {(helper.user.email,)}  # told of their own new device
    assert about_alice == {(alice.email,)}
    user.refresh_from_db()
    assert (user.email, user.email_verified) == (alice.email, verified)
    assert api.login(alice.email, alice.password).status_code == 200


@pytest.mark.asvs("6.3.7")
def test_admin_address_change_is_confirmed_by_the_user_and_undone_from_the_old_address(
    admin, api, alice, user, mailbox
):
    mailbox.new()
    User.objects.filter(pk=user.pk).update(email_verified_at=timezone.now())
    set_address(admin, user, "alice@example.com")
    assert events(user)[0] == ("account:email:request", {"by": "administrator"})
    mail = mailbox.the_one("alice@example.com", "Confirm your new address")
    assert "An administrator of" in mail.body
    assert "127.0.0.1" not in mail.body
    token = {"token": link(mail).partition("#")[2]}
    assert api.call("POST", "/api/auth/email/change/confirm", token, token=alice.token).status_code == 204
    user.refresh_from_db()
    assert (user.email, user.email_verified) == ("alice@example.com", True)
    undo = {"token": mailbox.token(alice.email, "has another address")}
    assert api.call("POST", "/api/auth/secure", undo).status_code == 204
    user.refresh_from_db()
    assert (user.email, user.email_verified) == (alice.email, True)


def test_admin_address_change_is_in_the_history_as_a_request_without_the_address(admin, user):
    set_address(admin, user, "alice@example.com")
    entry = LogEntry.objects.get()
    assert entry.get_change_message() == "Changed Email address (requested)."
    assert "alice@example.com" not in (entry.object_repr + entry.change_message)


def test_admin_add_user_refuses_an_address_that_its_earlier_owner_can_take_back(admin, api, alice, user, mailbox):
    User.objects.filter(pk=user.pk).update(email_verified_at=timezone.now())
    mailbox.new()
    wanted = api.call("POST", "/api/auth/email/change", {"email": "alice@example.com"}, token=alice.token)
    assert wanted.status_code == 202
    token = {"token": mailbox.token("alice@example.com")}
    assert api.call("POST", "/api/auth/email/change/confirm", token, token=alice.token).status_code == 204
    answer = admin.post(ADD, new(email=alice.email))
    assert answer.context["adminform"].errors == {"email": ["Another user can still take this address back."]}
    assert not User.objects.filter(email=alice.email).exists()


# Mail


def queued():
    return sorted(QueuedMail.objects.values_list("type", "email"))


@pytest.fixture
def _no_mail(alice, mailbox):
    """Alice has read the mail of her registration, so the queue is empty."""
    mailbox.new()


@pytest.mark.asvs("6.4.6")
@pytest.mark.usefixtures("_no_mail")
@pytest.mark.parametrize("by", ["list", "page"])
@pytest.mark.parametrize(
    ("action", "mail_type", "kind"),
    [("send_reset_mail", "reset", "reset"), ("send_verification_mail", "verify", "verification")],
)
def test_admin_mail_action_queues_the_mail(admin, user, by, action, mail_type, kind):
    answer = act(admin, action, user) if by == "list" else press(admin, user, action)
    assert said(answer) == [f"1 user: queued a {kind} mail."]
    assert answer.request["PATH_INFO"] == (LIST if by == "list" else page(user))
    assert queued() == [(mail_type, user.email)]
    assert LogEntry.objects.get(object_id=user.pk).get_change_message() == f"Queued a {kind} mail."


def press(client, user, action):
    """The answer to a button of the form below a user's page, after its redirect."""
    form = client.get(page(user)).content.decode().partition('aria-labelledby="mail-to"')[2].partition("</form>")[0]
    assert f'name="action" value="{action}"' in form
    return client.post(LIST, Filled(form).fields | {"action": action}, follow=True)


@pytest.mark.usefixtures("_no_mail")
def test_admin_mail_action_leaves_out_users_it_cannot_help(admin, root, user):
    off = User.objects.create_user("off@example.org", None, is_active=False)
    assert said(act(admin, "send_reset_mail", user, off)) == [
        "Disabled users get no mail. Left out: 1.",
        "1 user: queued a reset mail.",
    ]
    assert said(act(admin, "send_verification_mail", user, off, root)) == [
        "Disabled users get no mail. Left out: 1.",
        "Users with a verified address get no mail. Left out: 1.",
        "1 user: queued a verification mail.",
    ]
    assert queued() == [("reset", user.email), ("verify", user.email)]
    assert not LogEntry.objects.filter(object_id__in=[off.pk, root.pk]).exists()


def test_admin_user_page_offers_only_useful_mails(admin, helper, user, staff):
    def offers(client, user):
        html = client.get(page(user)).content.decode()
        return [kind for kind in ("reset", "verification") if f"Send {kind} mail" in html]

    assert offers(admin, user) == offers(helper, user) == offers(admin, staff) == ["reset", "verification"]
    assert offers(helper, staff) == []
    User.objects.filter(pk=user.pk).update(email_verified_at=timezone.now())
    assert offers(admin, user) == ["reset"]
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert offers(admin, user) == []


@pytest.mark.asvs("8.2.2")
@pytest.mark.usefixtures("_no_mail")
def test_admin_mail_action_for_staff_needs_a_superuser(helper, admin, staff):
    for action in ("send_reset_mail", "send_verification_mail"):
        act(helper, action, staff)
        assert queued() == []
    act(admin, "send_reset_mail", staff)
    assert queued() == [("reset", staff.email)]


# Events


def events(user):
    """The events of a user, newest first."""
    return list(user.events.order_by("-pk").values_list("tag", "data"))


def test_admin_actions_record_events_that_name_no_administrator(admin, api, alice, bob, user):
    alice.logs_in(api)
    users = User.objects.filter(email__in=[alice.email, bob.email])
    for action in ("revoke_sessions", "enable", "disable", "disable", "enable"):
        act(admin, action, *users)
    form = filled(admin, user)
    del form["is_active"]
    admin.post(page(user), form)
    by = {"by": "administrator"}
    assert events(user)[:4] == [
        ("account:disable", by),
        ("account:enable", by),
        ("account:disable", by),
        ("session:end", by | {"number": 2}),
    ]
    bobs = User.objects.get(email=bob.email)
    assert events(bobs)[:3] == [
        ("account:enable", by),
        ("account:disable", by),
        ("session:end", by | {"number": 1}),
    ]
    assert set(bobs.events.order_by("-pk").values_list("ip_address", "device")[:3]) == {(None, "")}


@pytest.mark.asvs("16.2.1")
def test_admin_change_of_permissions_records_an_event(admin, user):
    admin.post(page(user), filled(admin, user) | {"is_staff": "on"})
    assert events(user)[0] == ("account:permissions:change", {"by": "administrator", "changed": "is_staff"})


def test_admin_add_and_delete_record_events(admin, user, bob):
    admin.post(ADD, new())
    assert events(User.objects.get(email="carol@example.org")) == [("account:register", {"by": "administrator"})]
    admin.post(page(user, "delete"), {"post": "yes"})
    act(admin, "delete_selected", *User.objects.filter(email__in=[bob.email, "carol@example.org"]), post="yes")
    deleted = Event.objects.filter(tag="account:delete")
    assert list(deleted.values_list("user", "data")) == [(None, {"by": "administrator"})] * 3


def test_admin_actions_cost_as_many_queries_for_many_users_as_for_few(admin, db):
    def statements(count, action):
        users = [User(email=f"{action}-{count}-{n}@example.org") for n in range(count)]
        User.objects.bulk_create(users)
        with CaptureQueriesContext(connection) as captured:
            act(admin, action, *users)
        return len(captured)

    for action in ("disable", "revoke_sessions"):
        assert statements(2, action) == statements(30, action)


def test_admin_user_page_shows_the_last_twenty_events(admin, api, alice, user):
    def section():
        with CaptureQueriesContext(connection) as captured:
            html = admin.get(page(user)).content.decode().partition('id="events-of"')[2]
        return html, len(captured)

    html, few = section()
    assert f'<a href="/admin/events/event/?user__id__exact={user.pk}">All events of this user</a>' in html
    assert html.index("Logged in</strong> (method: password)") < html.index("Registered</strong>")
    Event.objects.record("account:logout", user, by="<script>alert(1)</script>")
    Event.objects.bulk_create([Event(tag="account:logout", user=user, device="<b>phone</b>") for _ in range(18)])
    html, many = section()
    assert many == few
    assert (html.count("<li"), html.count("Logged out")) == (20, 19)
    assert "&lt;script&gt;" in html
    assert "&lt;b&gt;phone&lt;/b&gt;" in html
    assert "Registered" not in html


def test_admin_delete_page_counts_related_rows_instead_of_listing_them(admin, alice, user):
    Event.objects.bulk_create([Event(tag="account:logout", user=user) for _ in range(50)])
    with CaptureQueriesContext(connection) as captured:
        html = admin.get(page(user, "delete")).content.decode()
    assert "Events: 52" in html
    assert "Sessions: 1" in html
    assert "account:logout" not in html
    assert len(captured) <= 6


# Revoking


@pytest.mark.asvs("7.4.2")
@pytest.mark.parametrize("by", ["action", "form"])
def test_admin_disable_revokes_the_sessions_for_good(admin, api, alice, bob, user, by):
    if by == "action":
        act(admin, "disable", user)
    else:
        form = filled(admin, user)
        del form["is_active"]
        admin.post(page(user), form)
    assert api.login(alice.email, alice.password).status_code == 401
    act(admin, "enable", user)
    assert not api.is_live(alice.token)
    assert api.login(alice.email, alice.password).status_code == 200
    assert api.is_live(bob.token)


@pytest.mark.asvs("7.4.5")
def test_admin_revoke_sessions_revokes_all_sessions_of_the_user(admin, api, alice, bob, user):
    other = alice.logs_in(api)
    act(admin, "revoke_sessions", user)
    assert not api.is_live(alice.token)
    assert not api.is_live(other)
    assert api.is_live(bob.token)
    assert api.login(alice.email, alice.password).status_code == 200


def sessions_on(answer):
    """The sessions on a user's page, with their check boxes or without."""
    html = answer.content.decode().partition('id="sessions-of"')[2]
    return re.findall(r"/admin/sessions_api/session/([0-9a-f-]{36})/change/", html)


def revoke_on_page(client, user, *sessions, everything=False):
    """The answer to the form below a user's page, after its redirect; only what the page offers can be chosen."""
    html = client.get(page(user)).content.decode().partition('id="sessions-of"')[2]
    offered = Filled(html).fields
    action = f"/admin/sessions_api/session/?q={user.pk}"
    chosen = [str(session.pk) for session in sessions]
    assert all(f'type="checkbox" name="_selected_action" value="{choice}"' in html for choice in chosen)
    form = offered | {"_selected_action": offered["_selected_action"] + chosen, "select_across": int(everything)}
    return client.post(action, form, follow=True)


def said(answer):
    return [str(message) for message in answer.context["messages"]]


def test_admin_user_page_shows_live_sessions_and_links_to_all(admin, api, alice, bob, user):
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
    alice.logs_in(api, User_Agent=firefox)
    over = user.sessions.get(user_agent="")
    user.sessions.filter(pk=over.pk).update(expires_at=timezone.now())
    answer = admin.get(page(user))
    assert sessions_on(answer) == [str(user.sessions.get(user_agent=firefox).pk)]
    section = answer.content.decode().partition('id="sessions-of"')[2]
    assert all(text in section for text in ("Firefox on Linux</a>", "Password", "127.0.0.1"))
    sessions = f"/admin/sessions_api/session/?q={user.pk}"
    assert f'<a href="{sessions}">All stored sessions, expired ones too: 2</a>' in section
    assert {session.user for session in admin.get(sessions).context["cl"].result_list} == {user}


def test_admin_user_page_shows_the_twenty_last_seen_sessions_at_constant_cost(admin, api, alice, user, clock):
    def statements():
        with CaptureQueriesContext(connection) as captured:
            shown = sessions_on(admin.get(page(user)))
        return len(shown), len(captured)

    few = statements()
    for _ in range(21):
        clock.shift(1)
        alice.logs_in(api)
    first = user.sessions.earliest("created_at")
    assert statements() == (20, few[1])
    assert few[1] <= 10
    assert str(first.pk) not in sessions_on(admin.get(page(user)))
    clock.shift(600)
    assert api.use(alice.token) == 200
    assert sessions_on(admin.get(page(user)))[0] == str(first.pk)


@pytest.mark.asvs("7.4.5")
def test_admin_user_page_revokes_one_session(admin, root, api, alice, bob, user):
    session, other = user.sessions.get(), alice.logs_in(api)
    answer = revoke_on_page(admin, user, session)
    assert (answer.request["PATH_INFO"], said(answer)) == (page(user), ["1 session: revoked."])
    assert not api.is_live(alice.token)
    assert api.is_live(other)
    assert api.is_live(bob.token)
    logged = LogEntry.objects.filter(user=root).values_list("object_repr", "change_message")
    assert set(logged) == {(alice.email, "Revoked sessions."), (str(session.pk), "")}


@pytest.mark.asvs("7.4.5")
def test_admin_user_page_revokes_all_sessions(admin, api, alice, bob, user):
    other = alice.logs_in(api)
    user.sessions.filter(user_agent="").update(user_agent="curl")
    assert said(revoke_on_page(admin, user, everything=True)) == ["2 sessions: revoked."]
    assert not api.is_live(alice.token)
    assert not api.is_live(other)
    assert api.is_live(bob.token)
    html = admin.get(page(user)).content.decode()
    assert "<p>None.</p>" in html
    assert "Revoke all" not in html


def test_admin_user_page_tolerates_a_session_revoked_meanwhile(admin, api, alice, user):
    old = dict(Filled(admin.get(page(user)).content.decode()).fields)
    session = user.sessions.get()
    user.sessions.revoke()
    path = f"/admin/sessions_api/session/?q={user.pk}"
    form = old | {"_selected_action": [*old["_selected_action"], str(session.pk)], "select_across": "0"}
    answer = admin.post(path, form, follow=True)
    assert (answer.request["PATH_INFO"], said(answer)) == (page(user), ["0 sessions: revoked."])
    user.delete()
    assert admin.post(path, form, follow=True).request["PATH_INFO"] == "/admin/"


def test_admin_user_page_revokes_none_without_a_choice(admin, api, alice, user):
    assert said(revoke_on_page(admin, user)) == ["0 sessions: revoked."]
    assert api.is_live(alice.token)


@pytest.mark.parametrize("crafted", ["//example.com/", "https://example.com", "a\r\nSet-Cookie: a=b", "\0", "../.."])
def test_admin_action_redirect_stays_within_the_admin(admin, user, crafted):
    form = {"action": "delete_selected", "_selected_action": user.pk, "user": crafted}
    answer = admin.post("/admin/sessions_api/session/", form)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/accounts/user/")
    assert admin.get(answer.headers["Location"]).status_code == 302


@pytest.mark.asvs("7.4.2")
@pytest.mark.parametrize("by", ["action", "page"])
def test_admin_delete_user_revokes_the_sessions(admin, api, alice, bob, user, by):
    if by == "action":
        act(admin, "delete_selected", user, post="yes")
    else:
        admin.post(page(user, "delete"), {"post": "yes"})
    assert not User.objects.filter(email=alice.email).exists()
    assert not api.is_live(alice.token)
    assert api.is_live(bob.token)


def test_admin_delete_user_needs_no_permission_for_sessions(api, alice, user, db):
    clerk = User.objects.create_user("clerk@example.org", None, is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client = Client()
    client.force_login(clerk)
    act(client, "delete_selected", user, post="yes")
    assert not User.objects.filter(email=alice.email).exists()


@pytest.mark.parametrize(
    "action", ["disable", "enable", "revoke_sessions", "send_reset_mail", "send_verification_mail"]
)
def test_admin_actions_are_in_the_history_of_each_user(admin, root, alice, bob, action):
    users = User.objects.filter(email__in=[alice.email, bob.email])
    act(admin, action, *users)
    logged = LogEntry.objects.filter(user=root, action_flag=2).exclude(change_message="")
    assert {entry.object_id for entry in logged} == {str(user.pk) for user in users}


def test_admin_forms_are_in_the_history(admin, root, user):
    admin.post(ADD, new())
    admin.post(page(user), filled(admin, user) | {"display_name": "Alice Liddell"})
    admin.post(page(user, "delete"), {"post": "yes"})
    logged = LogEntry.objects.filter(user=root).order_by("pk")
    messages = [(entry.object_repr, entry.action_flag, entry.get_change_message()) for entry in logged]
    assert messages == [
        ("carol@example.org", 1, "Added."),
        (str(user.pk), 2, "Changed Display name."),  # the id remains of a deleted user
        (str(user.pk), 3, ""),
    ]


# Who may change whom


def test_admin_staff_with_permissions_manage_plain_users(helper, api, alice, bob, user):
    assert helper.post(page(user), filled(helper, user) | {"display_name": "Alice Liddell"}).status_code == 302
    user.refresh_from_db()
    assert user.display_name == "Alice Liddell"
    act(helper, "disable", user)
    assert not api.is_live(alice.token)
    assert not User.objects.get(pk=user.pk).is_active
    act(helper, "delete_selected", user, post="yes")
    assert not User.objects.filter(pk=user.pk).exists()


@pytest.mark.asvs("8.2.2", "8.3.1")
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("change", {"email": "taken@example.org", "is_active": "on"}),
        ("change", {"_saveasnew": "1", "email": "staff@example.org", "is_superuser": "on"}),
        ("delete", {"post": "yes"}),
    ],
)
def test_admin_staff_cannot_change_other_staff_by_a_form(helper, staff, name, form):
    before = User.objects.filter(pk=staff.pk).values().get()
    assert helper.get(page(staff)).status_code == 200
    assert helper.post(page(staff, name), form).status_code in ({200} if "_saveasnew" in form else {403})
    assert User.objects.filter(pk=staff.pk).values().get() == before
    assert User.objects.count() == 2


@pytest.mark.asvs("8.2.2", "8.3.1")
@pytest.mark.parametrize(
    "action", ["disable", "enable", "revoke_sessions", "send_reset_mail", "send_verification_mail", "delete_selected"]
)
def test_admin_staff_cannot_change_other_staff_by_an_action(helper, api, staff, alice, user, action):
    token = api.login(staff.email, "the password of staff").json()["token"]
    before = User.objects.filter(pk=staff.pk).values().get()
    act(helper, action, staff, user, post="yes")
    assert User.objects.filter(pk=staff.pk).values().get() == before
    assert api.is_live(token)
    logged = LogEntry.objects.filter(user=helper.user).values_list("object_id", flat=True)
    assert list(logged) == ([] if action == "delete_selected" else [str(user.pk)])


@pytest.mark.asvs("8.2.2", "8.3.1")
def test_admin_staff_see_but_cannot_revoke_sessions_of_other_staff(helper, admin, api, staff, alice, user):
    token = api.login(staff.email, "the password of staff").json()["token"]
    answer = helper.get(page(staff))
    assert sessions_on(answer) == [str(staff.sessions.get().pk)]
    assert "select_across" not in answer.content.decode()
    form = {"action": "delete_selected", "_selected_action": staff.sessions.get().pk, "user": staff.pk}
    for everything in ("0", "1"):
        helper.post(f"/admin/sessions_api/session/?q={staff.pk}", form | {"select_across": everything})
    assert api.is_live(token)
    revoke_on_page(helper, user, user.sessions.get())
    assert not api.is_live(alice.token)
    revoke_on_page(admin, staff, everything=True)
    assert not api.is_live(token)


@pytest.mark.asvs("8.2.1", "8.2.2")
@pytest.mark.parametrize(
    ("rights", "sees"), [(["view_user"], False), (["change_user"], False), (["view_user", "view_session"], True)]
)
def test_admin_user_page_sessions_need_the_permission_for_sessions(api, alice, user, rights, sees):
    clerk = User.objects.create_user("clerk@example.org", None, is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(clerk)
    answer = client.get(page(user))
    assert sessions_on(answer) == ([str(user.sessions.get().pk)] if sees else [])
    assert ("Live sessions" in answer.content.decode()) == sees
    assert "select_across" not in answer.content.decode()
    form = {"action": "delete_selected", "_selected_action": user.sessions.get().pk, "user": user.pk}
    client.post(f"/admin/sessions_api/session/?q={user.pk}", form)
    assert api.is_live(alice.token)


def test_admin_superuser_can_change_and_delete_staff(admin, api, staff):
    token = api.login(staff.email, "the password of staff").json()["token"]
    assert admin.post(page(staff), filled(admin, staff) | {"display_name": "Staff"}).status_code == 302
    act(admin, "disable", staff)
    assert not api.is_live(token)
    act(admin, "delete_selected", staff, post="yes")
    assert not User.objects.filter(pk=staff.pk).exists()


@pytest.fixture
def privileges(db):
    """Every field that grants a permission or a verified address, as a form would send it."""
    group = Group.objects.create(name="everything")
    group.permissions.set(Permission.objects.all())
    return {
        "is_staff": "on",
        "is_superuser": "on",
        "groups": [group.pk],
        "user_permissions": [permission.pk for permission in Permission.objects.all()],
        "email_verified_at_0": "2030-01-01",
        "email_verified_at_1": "00:00:00",
        "password": "!",
    }


@pytest.mark.asvs("8.2.3", "15.3.3")
def test_admin_staff_cannot_grant_permissions(helper, user, privileges):
    assert helper.post(ADD, new(**privileges)).status_code == 302
    assert is_plain(User.objects.get(email="carol@example.org"))
    assert helper.post(page(user), filled(helper, user) | privileges | {"display_name": "Eve"}).status_code == 302
    user.refresh_from_db()
    assert user.display_name == "Eve"
    assert is_plain(user)
    assert user.has_password


@pytest.mark.asvs("8.2.3", "8.3.1")
def test_admin_staff_cannot_make_themselves_superuser(helper, privileges):
    assert helper.post(page(helper.user), {"email": helper.user.email, **privileges}).status_code == 403
    helper.user.refresh_from_db()
    assert not helper.user.is_superuser


@pytest.mark.asvs("8.2.1")
def test_admin_groups_are_managed_by_superusers_only(helper, admin):
    group = Group.objects.create(name="helpers")
    path = f"/admin/auth/group/{group.pk}/"
    form = {"name": "helpers", "permissions": [permission.pk for permission in Permission.objects.all()]}
    for client, status in ((helper, 403), (admin, 302)):
        assert client.post("/admin/auth/group/add/", form | {"name": f"new {status}"}).status_code == status
        assert client.post(path + "change/", form).status_code == status
        assert client.post(path + "delete/", {"post": "yes"}).status_code == status
    assert [group.name for group in Group.objects.all()] == ["new 302"]


@pytest.mark.asvs("8.2.1")
@pytest.mark.parametrize("kind", ["logged out", "plain", "without permissions"])
def test_admin_user_pages_need_a_permission(user, kind):
    client = Client()
    if kind != "logged out":
        user.is_staff = kind == "without permissions"
        user.save()
        client.force_login(user)
    for path in (LIST, ADD, page(user), page(user, "delete"), page(user, "history")):
        answer = client.get(path)
        assert answer.status_code == 403 or answer.headers["Location"].startswith("/admin/login/")


@pytest.mark.asvs("8.3.2")
def test_admin_permission_removal_takes_effect_with_the_next_request(helper, admin):
    assert helper.get(LIST).status_code == 200
    helper.user.user_permissions.clear()
    assert helper.get(LIST).status_code == 403
    act(admin, "disable", helper.user)
    assert helper.get(LIST).status_code == 302
