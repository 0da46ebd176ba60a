"""Sessions in the admin: administrators view and revoke them."""

import base64
import re
from datetime import timedelta
from hashlib import sha256
from threading import Thread
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from sessions_api.events.models import Event
from sessions_api.models import Session

LIST = "/admin/sessions_api/session/"


def page(session, name="change"):
    return f"{LIST}{session.pk}/{name}/"


@pytest.fixture
def staff(db):
    """The browser of a staff user who has every permission and is no superuser."""
    user = User.objects.create_user("staff@example.org", None, is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def session(alice):
    """Alice's session."""
    return Session.objects.get(user__email=alice.email)


def revoke(client, *sessions, **more):
    form = {"action": "delete_selected", "_selected_action": [session.pk for session in sessions], **more}
    return client.post(LIST, form, follow=True)


def owners(answer):
    return [session.user.email for session in answer.context["cl"].result_list]


def cells(answer):
    """The HTML of each row of the list."""
    rows = answer.content.decode().partition("<tbody>")[2].split("<tr>")[1:]
    return [" ".join(row.split()) for row in rows]


# Viewing


def test_admin_session_list_shows_user_method_time_and_client(admin, api, alice, user, clock):
    alice.logs_in(api, User_Agent="Firefox on a phone")
    row = cells(admin.get(LIST))[0]
    for word in (f'href="/admin/accounts/user/{user.pk}/change/"', alice.email, "Password", "127.0.0.1", "live"):
        assert word in row
    assert "Firefox on a phone" in row


def test_admin_session_pages_show_device_and_user_agent(admin, api, alice, session):
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
    alice.logs_in(api, User_Agent=firefox)
    row = cells(admin.get(LIST, {"q": alice.email}))[0]
    assert f'127.0.0.1<br>Firefox on Linux<br><span class="mini quiet">{firefox[:59]}' in row
    html = admin.get(page(Session.objects.get(user_agent=firefox))).content.decode()
    assert '<div class="readonly">Firefox on Linux</div>' in html
    assert firefox in html
    unknown = Session.objects.filter(pk=session.pk)
    unknown.update(user_agent="Frobnicator")
    assert cells(admin.get(LIST, {"q": session.pk}))[0].count("Frobnicator") == 1
    unknown.update(user_agent="")
    assert "127.0.0.1<br><span" in cells(admin.get(LIST, {"q": session.pk}))[0]


def test_admin_session_page_shows_every_field_but_the_digest(admin, session):
    now = timezone.now()
    times = ("created_at", "updated_at", "expires_at", "last_seen_at", "authenticated_at")
    values = {name: now + timedelta(days=days) for days, name in enumerate(times)}
    values |= {"method": "github", "ip_address": "192.0.2.7", "user_agent": "Frobnicator/7"}
    Session.objects.filter(pk=session.pk).update(**values)
    said = {f"{value:%Y-%m-%d}" if name in times else value for name, value in (values | {"method": "GitHub"}).items()}
    html = admin.get(page(session)).content.decode()
    assert not [text for text in (*said, str(session.pk), session.user.email) if text not in html]
    assert values.keys() | {"id", "user", "digest"} == {field.name for field in Session._meta.fields}


def test_admin_session_pages_cut_and_escape_the_user_agent(admin, api, alice):
    alice.logs_in(api, User_Agent="<script>alert(1)</script>" + "x" * 600)
    session = Session.objects.get(user_agent__startswith="<script>")
    user = f"/admin/accounts/user/{session.user_id}/change/"
    for path in (LIST, page(session), page(session, "delete"), user):
        assert "<script>alert" not in admin.get(path).content.decode()
    assert "&lt;script&gt;alert" in admin.get(user).content.decode()
    assert "x" * 60 not in admin.get(LIST).content.decode()
    assert "x" * 400 in admin.get(page(session)).content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        "alice@example.org",
        "ALICE@ex",
        " alice ",
        "{session.pk}",
        "{session.pk.hex}",
        "{session.user_id}",
        "192.0.2.7",
        "2001:DB8:0::7",
    ],
)
def test_admin_session_search_finds_by_email_session_user_and_ip_address(admin, alice, bob, session, asked):
    ip_address = "2001:db8::7" if ":" in asked else "192.0.2.7"
    Session.objects.filter(pk=session.pk).update(ip_address=ip_address)
    assert owners(admin.get(LIST, {"q": asked.format(session=session)})) == [alice.email]


@pytest.mark.parametrize(
    "asked",
    ["lice", "192.0.2", "3e1f78e6-c619-4ab5-81b6-251194d1e12a", "fe80::1%eth0", "%", "'", "a b", "::ffff:z"],
)
def test_admin_session_search_finds_nothing_for_other_terms(admin, alice, asked):
    answer = admin.get(LIST, {"q": asked})
    assert answer.status_code == 200
    assert owners(answer) == []


@pytest.mark.parametrize("idle", [timedelta(0), timedelta(days=7)])
def test_admin_session_list_is_filtered_by_state(admin, alice, bob, session, settings, idle):
    settings.SESSION_IDLE = idle
    past = {"last_seen_at": timezone.now() - idle} if idle else {"expires_at": timezone.now()}
    Session.objects.filter(pk=session.pk).update(**past)
    assert owners(admin.get(LIST, {"state": "expired"})) == [alice.email]
    assert owners(admin.get(LIST, {"state": "live"})) == [bob.email]
    assert "expired" in cells(admin.get(LIST, {"q": alice.email}))[0]
    assert owners(admin.get(LIST, {"method": "password"})) == [bob.email, alice.email]


def test_admin_session_list_is_filtered_by_method_including_providers(admin, alice, bob, session):
    Session.objects.filter(pk=session.pk).update(method="github")
    assert owners(admin.get(LIST, {"method": "password"})) == [bob.email]
    assert owners(admin.get(LIST, {"method": "github"})) == [alice.email]
    assert owners(admin.get(LIST, {"method": "google"})) == []
    offered = re.findall(r'<a href="\?method=(\w+)">\s*(\w+)', admin.get(LIST).content.decode())
    assert offered == [("password", "Password"), ("google", "Google"), ("github", "GitHub")]
    user = admin.get(f"/admin/accounts/user/{session.user_id}/change/").content.decode()
    assert "<td>GitHub</td>" in user


@pytest.mark.asvs("14.2.6")
def test_admin_shows_no_token_and_no_digest(admin, api, alice, user, session):
    digest = sha256(alice.token.encode()).digest()
    assert bytes(session.digest) == digest
    secrets = {alice.token, digest.hex(), str(digest), "memory at", "digest"}
    secrets |= {encode(digest).decode().rstrip("=") for encode in (base64.b64encode, base64.urlsafe_b64encode)}
    pages = {LIST: "alice", **{page(session, name): str(session.pk) for name in ("change", "delete", "history")}}
    pages |= {f"/admin/accounts/user/{user.pk}/{name}/": "alice" for name in ("change", "delete")}

    def check(path, marker):
        html = admin.get(path).content.decode()
        assert marker in html
        assert not [secret for secret in secrets if secret.lower() in html.lower()], path

    for path, marker in pages.items():
        check(path, marker)
    revoke(admin, session)
    check("/admin/", str(session.pk))
    check(f"/admin/accounts/user/{user.pk}/history/", "Revoked sessions.")


@pytest.mark.asvs("14.2.6")
@pytest.mark.parametrize("asked", ["digest", "digest__gt", "digest__startswith", "user__password__startswith", "id"])
def test_admin_session_list_refuses_other_lookups(admin, alice, asked):
    assert admin.get(LIST, {asked: "a"}).status_code == 400


def test_admin_sessions_cannot_be_added_or_changed(admin, session):
    assert admin.get(LIST + "add/").status_code == 403
    assert admin.post(LIST + "add/", {"user": session.user_id}).status_code == 403
    assert admin.post(page(session), {"expires_at_0": "2099-01-01", "_save": "Save"}).status_code == 403
    assert admin.post(page(session), {"_saveasnew": "1"}).status_code == 403
    assert '<input type="text"' not in admin.get(page(session)).content.decode()
    assert list(Session.objects.values()) == [Session.objects.filter(pk=session.pk).values().get()]


# Revoking


@pytest.mark.asvs("7.4.1", "7.4.5")
@pytest.mark.parametrize("by", ["action", "page"])
def test_admin_revocation_takes_effect_at_once(admin, api, alice, bob, session, by):
    other = alice.logs_in(api)
    if by == "action":
        revoke(admin, session)
    else:
        admin.post(page(session, "delete"), {"post": "yes"})
    assert not api.is_live(alice.token)
    assert api.is_live(other)
    assert api.is_live(bob.token)


@pytest.mark.parametrize("by", ["action", "page"])
def test_admin_revocation_records_an_event_for_each_user(admin, api, alice, bob, user, by):
    alice.logs_in(api)
    sessions = Session.objects.all() if by == "action" else user.sessions.all()
    if by == "action":
        revoke(admin, *sessions)
    else:
        for session in sessions:
            admin.post(page(session, "delete"), {"post": "yes"})
    recorded = Event.objects.filter(tag="session:end").order_by("user__email")
    seen = [(event.user.email, event.data.pop("number"), event.data) for event in recorded]
    data = {"by": "administrator"}
    expected = [(alice.email, 2, data), (bob.email, 1, data)]
    assert seen == (expected if by == "action" else [(alice.email, 1, data)] * 2)
    assert set(recorded.values_list("ip_address", "device", "session")) == {(None, "", None)}


@pytest.mark.postgres
@pytest.mark.asvs("15.4.2")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by", ["action", "page"])
def test_admin_revocation_locks_the_user_before_the_session(admin, alice, user, session, by):
    """Otherwise two transactions could wait for each other: see sessions_api/revocation.py."""

    def act():
        if by == "action":
            revoke(admin, session)
        else:
            admin.post(page(session, "delete"), {"post": "yes"})
        connection.close()

    acting = Thread(target=act)
    with transaction.atomic(), connection.cursor() as cursor:
        User.objects.select_for_update().get(pk=user.pk)
        acting.start()
        waiting = False
        while acting.is_alive() and not waiting:
            cursor.execute("SELECT true FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid")
            waiting = cursor.fetchone()
        assert waiting
        assert list(Session.objects.select_for_update(nowait=True)) == [session]
    acting.join()
    assert not Session.objects.exists()


@pytest.mark.parametrize("by", ["action", "page"])
def test_admin_revocation_is_in_the_history_of_session_and_user(admin, root, alice, session, by):
    if by == "action":
        revoke(admin, session)
    else:
        admin.post(page(session, "delete"), {"post": "yes"})
    logged = LogEntry.objects.filter(user=root).values_list("object_id", "object_repr", "action_flag")
    assert set(logged) == {(str(session.user_id), alice.email, 2), (str(session.pk), str(session.pk), 3)}


@pytest.mark.asvs("8.2.2", "8.3.1")
def test_admin_revocation_of_staff_sessions_needs_a_superuser(staff, admin, api, root, alice, session):
    token = api.login(root.email, "the password of root").json()["token"]
    roots = Session.objects.get(user=root)
    assert staff.post(page(roots, "delete"), {"post": "yes"}).status_code == 403
    answer = revoke(staff, roots, session)
    assert [str(message) for message in answer.context["messages"]] == [
        "Only a superuser can change staff. Left unchanged: 1.",
        "1 session: revoked.",
    ]
    assert api.is_live(token)
    assert not api.is_live(alice.token)
    revoke(admin, roots)
    assert not api.is_live(token)


@pytest.mark.asvs("8.2.1")
def test_admin_revocation_needs_the_permission_to_delete(api, alice, session):
    viewer = User.objects.create_user("viewer@example.org", None, is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_session"))
    client = Client()
    client.force_login(viewer)
    assert client.get(page(session)).status_code == 200
    assert client.post(page(session, "delete"), {"post": "yes"}).status_code == 403
    revoke(client, session)
    assert api.is_live(alice.token)


# Many rows


def many(user, count):
    now = timezone.now()
    times = {"expires_at": now + timedelta(days=1), "last_seen_at": now, "authenticated_at": now}
    Session.objects.bulk_create(Session(user=user, digest=uuid4().bytes, **times) for _ in range(count))


def test_admin_session_list_costs_as_many_queries_for_fifty_rows_as_for_five(admin, user, session):
    def statements():
        with CaptureQueriesContext(connection) as captured:
            assert admin.get(LIST).status_code == 200
        return len(captured)

    many(user, 4)
    few = statements()
    users = User.objects.bulk_create(User(email=f"{n}@example.org") for n in range(45))
    for user in users:
        many(user, 1)
    assert statements() == few <= 4


def test_admin_session_list_counts_up_to_ten_thousand(admin, root):
    many(root, 10_000)
    assert "10000 sessions" in admin.get(LIST).content.decode()
    many(root, 1)
    with CaptureQueriesContext(connection) as captured:
        answer = admin.get(LIST, {"p": 100})
    assert len(answer.context["cl"].result_list) == 100
    assert "10,000+ sessions" in answer.content.decode()
    counts = [query["sql"] for query in captured if "COUNT(" in query["sql"]]
    assert counts
    assert all("LIMIT 10001" in sql for sql in counts)
    assert admin.get(LIST, {"p": 101}).status_code == 302


def test_admin_revocation_of_more_sessions_than_were_counted_is_refused(admin, root):
    many(root, 10_001)
    for crafted in ("1", "true"):
        answer = revoke(admin, Session.objects.first(), select_across=crafted)
        assert "There are more than 10,000 rows. Narrow the list first." in answer.content.decode()
    assert Session.objects.count() == 10_001
    Session.objects.first().delete()
    revoke(admin, Session.objects.first(), select_across="1")
    assert not Session.objects.exists()
