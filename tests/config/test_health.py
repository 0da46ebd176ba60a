import pytest
from django.core.management import call_command

from ..users import problem


def test_a_living_process_says_so(api):
    answer = api.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_service_with_its_database_is_ready(api):
    answer = api.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_probes_come_under_any_host_and_by_head(api):
    for path in ("/healthz", "/readyz"):
        answer = api.head(path, headers={"Host": "10.0.0.7"})
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.django_db(transaction=True)
def test_a_service_without_its_migrations_is_not_ready(api):
    call_command("migrate", "accounts", "0001", verbosity=0)
    try:
        answer = api.get("/readyz")
        assert problem(answer) == (503, "service_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    finally:
        call_command("migrate", verbosity=0)


def test_a_lost_cache_is_told_and_no_reason_to_stop(api, alice, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1",
        }
    }
    answer = api.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "degraded"})
    assert api.opens(alice.token)


def test_the_login_page_learns_what_it_needs(api):
    answer = api.call("GET", "/api/auth/config")
    assert answer.json() == {
        "registration": "open",
        "password": {"min_length": 8, "max_length": 128},
        "handover": "query",
        "providers": [],
    }
    assert answer.headers["Cache-Control"] == "public, max-age=300"
