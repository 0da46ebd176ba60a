"""The list of sessions has the bytes that its schema would write, whatever the rows contain."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from pydantic_core import to_json

from accounts.models import User
from sessions_api.admin_sessions.models import AdminSession
from sessions_api.models import Session
from sessions_api.schemas import SessionInfo

AGENTS = [
    '"\\\t</script>',
    "Ünïcödé 😀 \u2028\x85",
    "",
    "x" * 512,
    "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Firefox/130.0",
]
ADDRESSES = [None, "192.0.2.1", "2001:db8::7", "::1", "fe80::1"]
TIMES = [
    timedelta(0),
    timedelta(microseconds=1),
    timedelta(microseconds=999),
    timedelta(seconds=1, microseconds=-1),
    timedelta(days=400, milliseconds=500),
]


@pytest.fixture
def odd_rows(api, alice, clock):
    """Sessions with odd values, each with one at the admin of the same `created_at`. The first two are expired."""
    clock.move_to(datetime(2027, 2, 28, 23, 59, 59, tzinfo=UTC), tick=False)
    alice.token = alice.logs_in(api)
    user, now = User.objects.get(email=alice.email), timezone.now()
    for number, (agent, address, time) in enumerate(zip(AGENTS, ADDRESSES, TIMES, strict=True)):
        common = {"user": user, "ip_address": address, "user_agent": agent, "last_seen_at": now - time}
        session = Session(digest=bytes([number]) * 32, method="ö" * 32, authenticated_at=now + time, **common)
        session.expires_at = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC) if number else now
        session.save()
        Session.objects.filter(pk=session.pk).update(created_at=now - time)
        expires = now + time if number else now
        admin = AdminSession(id=uuid.uuid4(), session_key=f"{number:064}", expire_date=expires, **common)
        admin.created_at = now - time
        admin.save()


def by_schema(current):
    live = [*current.siblings().live(), *AdminSession.objects.live().filter(user=current.user_id)]
    live.sort(key=lambda session: (session.created_at, session.pk), reverse=True)
    return to_json([SessionInfo.from_session(session, current=session.pk == current.pk) for session in live])


@pytest.mark.parametrize("idle", [0, 30])
def test_session_list_has_the_bytes_of_its_schema(api, alice, odd_rows, settings, idle):
    settings.SESSION_IDLE = timedelta(days=idle)
    current = Session.objects.authenticate(alice.token)
    answer = api.call("GET", "/api/auth/sessions", token=alice.token)
    current.refresh_from_db()
    assert answer.content == by_schema(current)
    assert len(answer.json()) == (8 if idle else 10)
    assert answer["Content-Type"] == api.check_session(alice.token)["Content-Type"]
    assert not Session.objects.expired().exists()
