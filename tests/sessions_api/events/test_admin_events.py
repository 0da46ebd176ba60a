"""Events in the admin: administrators view them."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from sessions_api.events import charts
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.models import Session

LIST = "/admin/events/event/"


def page(event, name="change"):
    return f"{LIST}{event.pk}/{name}/"


def shown(answer):
    return [event.tag for event in answer.context["cl"].result_list]


def counted(admin):
    """The numbers above zero in the chart of each kind, oldest day first."""
    html = admin.get(LIST).content.decode()
    tables = re.findall(r'class="number">([\w ]+)</th></tr></thead>\s*<tbody>(.*?)</tbody>', html, re.DOTALL)
    return {kind: re.findall(r'number">([1-9]\d*)<', body)[::-1] for kind, body in tables}


def test_admin_event_list_shows_time_event_user_and_client_newest_first(admin, api, alice, user):
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
    alice.logs_in(api, User_Agent=firefox)
    answer = admin.get(LIST)
    assert shown(answer) == ["account:login:success", "account:login:success", "account:register"]
    row = answer.content.decode().partition('id="result_list"')[2].split("<tr>")[2]
    handle = Session.objects.latest("created_at").pk
    for text in (
        "logged in<br>",
        "account:login:success · method: password",
        f'href="/admin/accounts/user/{user.pk}/change/">alice@example.org<',
        "127.0.0.1<br>Firefox on Linux<br>",
        str(handle),
        f"{timezone.now():%Y-%m-%d}",
    ):
        assert text in row


def test_admin_event_without_user_and_of_unknown_tag_is_shown(admin):
    event = Event.objects.record("app:own", None)
    for path in (LIST, page(event)):
        assert "app:own" in admin.get(path).content.decode()


@pytest.mark.parametrize(
    "asked", ["alice@example.org", " ALI", "{user.pk}", "{session.pk}", "192.0.2.7", "2001:DB8:0::7"]
)
def test_admin_event_search_finds_by_email_user_session_and_ip_address(admin, api, alice, bob, user, asked):
    session = user.sessions.get()
    ip_address = "2001:db8::7" if ":" in asked else "192.0.2.7"
    Event.objects.create(tag="account:logout", user=user, session=session.pk, ip_address=ip_address)
    found = admin.get(LIST, {"q": asked.format(user=user, session=session)}).context["cl"].result_list
    assert "account:logout" in [event.tag for event in found]
    assert {event.user for event in found} == {user}


def test_admin_event_list_can_show_one_user(admin, alice, bob, user):
    answer = admin.get(LIST, {"user__id__exact": user.pk})
    assert {event.user for event in answer.context["cl"].result_list} == {user}
    assert admin.get(LIST, {"user__id__exact": "no-uuid"}).status_code == 302


@pytest.mark.parametrize("asked", ["lice", "192.0.2", "3e1f78e6-c619-4ab5-81b6-251194d1e12a", "%", "'", "login"])
def test_admin_event_search_finds_nothing_for_other_terms(admin, alice, asked):
    answer = admin.get(LIST, {"q": asked})
    assert answer.status_code == 200
    assert shown(answer) == []


def test_admin_event_list_is_filtered_by_tag(admin, api, alice):
    api.login(alice.email, "a wrong password")
    answer = admin.get(LIST, {"tag": "account:login:failure"})
    assert shown(answer) == ["account:login:failure"]
    assert all(f"?tag={tag}".replace(":", "%3A") in answer.content.decode() for tag in Tag.values)


@pytest.mark.asvs("14.2.6")
@pytest.mark.parametrize("asked", ["user__password__startswith", "data__by", "network", "id__gt", "happened_at__year"])
def test_admin_event_list_refuses_other_lookups(admin, alice, asked):
    assert admin.get(LIST, {asked: "1"}).status_code == 400


def test_admin_event_pages_escape_hostile_text(admin, user):
    hostile = "<script>alert(1)</script>"
    Event.objects.create(tag=hostile, user=user, device=hostile, data={hostile: hostile})
    event = Event.objects.latest("pk")
    for path in (LIST, page(event), f"/admin/accounts/user/{user.pk}/change/"):
        html = admin.get(path).content.decode()
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert" in html


def test_admin_events_cannot_be_added_changed_or_deleted(admin, alice):
    event = Event.objects.first()
    before = list(Event.objects.values())
    assert admin.get(page(event)).status_code == 200
    assert admin.post(LIST + "add/", {"tag": "account:logout"}).status_code == 403
    assert admin.post(page(event), {"tag": "account:logout", "_save": "Save"}).status_code == 403
    assert admin.post(page(event, "delete"), {"post": "yes"}).status_code == 403
    admin.post(LIST, {"action": "delete_selected", "_selected_action": event.pk, "post": "yes"})
    assert list(Event.objects.values()) == before


@pytest.mark.asvs("8.2.1")
@pytest.mark.parametrize("permission", ["view_event", "view_user"])
def test_admin_events_need_the_permission_to_view_events(alice, user, permission):
    clerk = User.objects.create_user("clerk@example.org", None, is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=[permission, "view_user"]))
    client = Client()
    client.force_login(clerk)
    may_view = permission == "view_event"
    for path in (LIST, page(Event.objects.first())):
        assert client.get(path).status_code == (200 if may_view else 403)
    html = client.get(f"/admin/accounts/user/{user.pk}/change/").content.decode()
    assert ('id="events-of"' in html) == may_view


def test_admin_event_list_costs_as_many_queries_for_fifty_rows_as_for_five(admin):
    def statements(count):
        users = User.objects.bulk_create(User(email=f"{count}-{n}@example.org") for n in range(count))
        Event.objects.bulk_create(Event(tag="account:logout", user=user) for user in users)
        with CaptureQueriesContext(connection) as captured:
            assert admin.get(LIST).status_code == 200
        return len(captured)

    assert statements(5) == statements(45) <= 5


# The chart


def test_event_chart_counts_logins_failures_and_other_events_by_day(admin, root, api, alice, clock):
    admin.force_login(root)
    start = timezone.now().replace(hour=12)
    clock.move_to(start + timedelta(days=1))
    for _ in range(3):
        api.login(alice.email, "a wrong password")
    clock.move_to(start + timedelta(days=2))
    alice.logs_in(api)
    api.login(alice.email, "a wrong password")
    admin.force_login(root)
    assert counted(admin) == {"Logins": ["2", "2"], "Failed logins": ["3", "1"], "All other events": ["1"]}
    clock.move_to(start + timedelta(days=30))
    admin.force_login(root)
    assert counted(admin) == {"Logins": ["2", "1"], "Failed logins": ["3", "1"], "All other events": []}


def test_event_chart_counts_the_newest_events_up_to_a_number(admin, user, monkeypatch):
    assert charts.COUNTED_EVENTS == 200_000
    assert "At most the newest 200,000 events are counted." in admin.get(LIST).content.decode()
    monkeypatch.setattr(charts, "COUNTED_EVENTS", 3)
    Event.objects.bulk_create(Event(tag="account:logout", user=user) for _ in range(5))
    assert counted(admin) == {"Logins": [], "Failed logins": [], "All other events": ["3"]}


def test_event_chart_is_one_query_and_only_above_the_unfiltered_list(admin, alice):
    def asked(**query):
        with CaptureQueriesContext(connection) as captured:
            html = admin.get(LIST, query).content.decode()
        grouped = [query for query in captured if "GROUP BY" in query["sql"]]
        return ("Events a day" in html, len(grouped))

    assert asked() == (True, 1)
    assert asked(q="alice") == asked(tag="account:logout") == (False, 0)


@pytest.mark.postgres
def test_event_chart_uses_an_index(db):
    """The planner may scan the table only as a last resort."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        with CaptureQueriesContext(connection) as captured:
            charts.events_by_day()
        cursor.execute("EXPLAIN " + captured[0]["sql"])
        assert "Seq Scan" not in "\n".join(line for (line,) in cursor.fetchall())


def test_event_chart_is_empty_without_events(admin):
    html = admin.get(LIST).content.decode()
    assert counted(admin) == {"Logins": [], "Failed logins": [], "All other events": []}
    assert html.count('<svg class="days"') == html.count('role="img"') == 3
