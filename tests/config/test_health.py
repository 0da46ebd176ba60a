import pytest
from django.core.management import call_command

from ..users import problem


def test_healthz_answers_ok(api):
    answer = api.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_readyz_answers_ok_with_the_database(api):
    answer = api.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_probes_accept_any_host_and_head(api):
    for path in ("/healthz", "/readyz"):
        answer = api.head(path, headers={"Host": "10.0.0.7"})
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.once
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize(
    "rest",
    [
        "HTTP/1.0\r\n",  # HAProxy's `option httpchk GET /healthz`
        "HTTP/1.1\r\nConnection: close\r\n",
        "HTTP/1.1\r\nHost:\r\nConnection: close\r\n",
        "HTTP/1.0\r\nHost: 10.0.0.7:8000\r\n",
    ],
)
def test_probes_need_no_host(server, path, rest):
    answer = server.exchange(f"GET {path} {rest}\r\n".encode())
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    head = server.exchange(f"HEAD {path} {rest}\r\n".encode())
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.django_db(transaction=True)
def test_readyz_answers_503_without_migrations(api):
    call_command("migrate", "accounts_single_use", "zero", verbosity=0)
    try:
        answer = api.get("/readyz")
        assert problem(answer) == (503, "service_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    finally:
        call_command("migrate", verbosity=0)


def test_readyz_reports_a_lost_cache_as_degraded(api, alice, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1",
        }
    }
    answer = api.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "degraded"})
    assert api.is_live(alice.token)


def test_public_config_tells_a_login_page_what_it_needs(api):
    answer = api.call("GET", "/api/auth/config")
    assert answer.json() == {
        "registration": "open",
        "password": {"min_length": 8, "max_length": 128},
        "handover": "query",
        "providers": [],
    }
    assert answer.headers["Cache-Control"] == "public, max-age=300"
