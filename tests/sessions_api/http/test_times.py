"""Times in answers are ISO 8601 in UTC with exactly three decimals, because some clients read no other number."""

import re
from datetime import UTC, datetime

import pytest
import time_machine

from accounts.models import User
from config.api import api as api_object

from ...users import ApiUser

GETS = sorted(path for path, methods in api_object.get_openapi_schema()["paths"].items() if "get" in methods)
WITH_TIMES = [path for path in GETS if "oauth" not in path and path != "/api/auth/config"]


@pytest.mark.parametrize(("microseconds", "decimals"), [(0, "000"), (5_000, "005"), (123_999, "123")])
def test_times_have_three_decimals(api, microseconds, decimals):
    with time_machine.travel(datetime(2030, 1, 2, 3, 4, 5, microseconds, UTC), tick=False):
        alice = ApiUser.registers(api, "alice")
        answers = [api.login(alice.email, alice.password)]
        user = User.objects.get(email=alice.email)
        user.social_auth.create(provider="google", uid="1")
        answers += [api.call("GET", path, token=alice.token) for path in WITH_TIMES]
    assert len(answers) == 7
    for answer in answers:
        text = answer.getvalue().decode()
        times = re.findall(r'"(\d{4}-\d\d-\d\dT[^"]*)"', text)
        assert times, text
        assert {time for time in times if not re.fullmatch(rf"20\d\d-\d\d-\d\dT03:04:05\.{decimals}Z", time)} == set()
