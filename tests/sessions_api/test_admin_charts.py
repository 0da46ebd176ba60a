"""The charts of the admin's front page: how many sessions were created, by which method, and how many are live."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from sessions_api import charts
from sessions_api.adminkit.charts import bars
from sessions_api.models import Session

INDEX = "/admin/"


@pytest.fixture
def midday(clock):
    """Noon, so that a shift of the clock by hours stays on the same day."""
    clock.move_to(timezone.now().replace(hour=12, minute=0, second=0))
    return clock


@pytest.fixture
def front(admin, root):
    """Loads the front page, also days later."""

    def html():
        admin.force_login(root)
        return admin.get(INDEX).content.decode()

    return html


def created(html):
    """The days of the table, oldest first, and how many sessions were created on each."""
    return [(day, int(n)) for day, n in re.findall(r'row">(\d+-\d+-\d+)</th><td class="number">(\d+)<', html)][::-1]


def heights(html):
    """The heights of the bars of the days, in percent."""
    return [float(height) for height in re.findall(r'width="\.8" height="([0-9.]+)"/></g>', html)]


def rows(html, section):
    """The labels and numbers beside the bars of this section."""
    part = html.partition(f'id="{section}"')[2].partition("</section>")[0]
    return re.findall(r'row">(.+?)</th><td class="number">(.+?)</td>', part)


def ago(session, **time):
    """Rewrite a session as if it had been created so long ago."""
    when = timezone.now() - timedelta(**time)
    Session.objects.filter(pk=session).update(created_at=when, last_seen_at=when, expires_at=when + timedelta(days=365))


def test_admin_chart_counts_created_sessions_by_day(front, api, alice, midday):
    first = timezone.now()
    midday.shift(timedelta(days=2))
    alice.logs_in(api)
    midday.shift(timedelta(hours=11, minutes=59, seconds=59))
    alice.logs_in(api)
    days = created(front())
    assert len(days) == 30
    assert days[-1] == (f"{timezone.now():%Y-%m-%d}", 2)
    assert days[-3] == (f"{first:%Y-%m-%d}", 1)
    assert sum(count for _, count in days) == 3
    assert heights(front())[-3:] == [50, 0, 100]
    midday.shift(1)
    assert created(front())[-2:] == [days[-1], (f"{timezone.now():%Y-%m-%d}", 0)]


@pytest.mark.parametrize(("days", "counted"), [(29, 1), (30, 0), (-1, 0)])
def test_admin_chart_covers_thirty_days(front, alice, midday, days, counted):
    ago(Session.objects.get().pk, days=days)
    html = front()
    assert sum(count for _, count in created(html)) == counted
    assert len(rows(html, "created-by-method")) == (counted if days > 0 else 1)


def test_admin_chart_counts_by_method_most_used_first(front, api, alice):
    for method in ("github", "github", "<b>new</b>"):
        alice.logs_in(api)
        Session.objects.filter(pk=Session.objects.latest("created_at").pk).update(method=method)
    shown = rows(front(), "created-by-method")
    assert shown == [("GitHub", "2"), ("&lt;b&gt;new&lt;/b&gt;", "1"), ("Password", "1")]


@pytest.mark.parametrize("lifetime", [30, 700])
def test_admin_chart_leaves_out_old_sessions_of_another_lifetime(front, alice, midday, settings, lifetime):
    ago(Session.objects.get().pk, days=100)  # for 365 days
    settings.SESSION_LIFETIME = timedelta(days=lifetime)
    html = front()
    assert sum(count for _, count in created(html)) == 0
    assert rows(html, "created-by-method") == []


def test_admin_chart_counts_live_sessions_by_last_use(front, api, alice, settings, midday):
    for days in (1, 8, 31, 32):
        alice.logs_in(api)
        ago(Session.objects.latest("created_at").pk, days=days)
    html = front()
    assert "<strong>5</strong>" in html
    assert rows(html, "live-now") == [
        ("within a day", "1"),
        ("within a week", "1"),
        ("within 30 days", "1"),
        ("longer ago", "2"),
    ]
    settings.SESSION_IDLE = timedelta(days=30)
    assert "<strong>3</strong>" in front()


def test_admin_charts_do_not_count_revoked_sessions(front, api, alice, user):
    assert "<strong>1</strong>" in front()
    api.call("POST", "/api/auth/logout", token=alice.token)
    html = front()
    assert "revoked sessions are deleted and not counted" in html
    assert "<strong>0</strong>" in html
    assert not any(count for _, count in created(html))


def test_admin_charts_are_empty_without_sessions(front):
    html = front()
    assert heights(html) == [0] * 30
    assert rows(html, "created-by-method") == []
    assert {count for _, count in rows(html, "live-now")} == {"0"}


def test_admin_bar_of_one_beside_a_million_is_visible():
    assert [bar.percent for bar in bars({"many": 1_000_000, "one": 1, "none": 0})] == [100, 1, 0]


def test_admin_chart_counts_up_to_a_million_live_sessions(front, api, alice, monkeypatch):
    alice.logs_in(api)
    assert charts.COUNTED_SESSIONS == 1_000_000
    monkeypatch.setattr(charts, "COUNTED_SESSIONS", 2)
    assert "<strong>2+</strong>" in front()
    monkeypatch.setattr(charts, "COUNTED_SESSIONS", 1000)
    user = User.objects.get(email=alice.email)
    now = timezone.now()
    times = {"expires_at": now + timedelta(days=365), "last_seen_at": now, "authenticated_at": now}
    Session.objects.bulk_create(Session(user=user, digest=bytes([n % 256, n // 256]), **times) for n in range(1000))
    html = front()
    assert "<strong>1,000+</strong>" in html
    assert "1,002 in all, at most 1,002 a day" in html


def test_admin_charts_cost_one_query_each(admin, alice):
    with CaptureQueriesContext(connection) as captured:
        admin.get(INDEX)
    asked = [query["sql"] for query in captured if "sessions_api_session" in query["sql"]]
    assert len(asked) == 3
    assert len(captured) <= 8  # the page also counts failed mails


@pytest.mark.postgres
def test_admin_charts_by_day_and_method_use_an_index(alice):
    """The planner may scan the table only as a last resort."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    with CaptureQueriesContext(connection) as captured:
        charts.created_by_day()
        charts.created_by_method()
    with connection.cursor() as cursor:
        for query in captured:
            cursor.execute("EXPLAIN " + query["sql"])
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan" not in plan
            assert "sessions_api_session_expires_at" in plan


def test_admin_charts_have_text_alternatives_and_no_scripts(front, alice):
    html = front()
    part = html.partition('class="module charts"')[2].partition('id="content-related"')[0]
    assert 'role="img" aria-labelledby="days-title days-desc"' in part
    assert re.search('<title id="days-title">Sessions created on each of the last 30 days</title>', part)
    assert re.search('<desc id="days-desc">1 in all, at most 1 on a day', part)
    assert part.count("<svg") == part.count('role="img"') + part.count('aria-hidden="true"')
    assert "<script" not in part
    assert not re.search(r"\son\w+=", part)


@pytest.mark.asvs("8.2.1")
@pytest.mark.parametrize("permission", ["view_session", "view_user"])
def test_admin_charts_need_the_permission_to_view_sessions(alice, permission):
    clerk = User.objects.create_user("clerk@example.org", None, is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename=permission))
    client = Client()
    client.force_login(clerk)
    with CaptureQueriesContext(connection) as captured:
        html = client.get(INDEX).content.decode()
    may_view = permission == "view_session"
    assert ("Stored sessions, by the day they were created" in html) == ("<svg class" in html) == may_view
    assert any("sessions_api_session" in query["sql"] for query in captured) == may_view
