"""Which files a newcomer opens to follow a login, in their order, and which only answer a question on the way."""

import sys
from pathlib import Path

import pytest

from accounts.login.api import login
from sessions_api.auth import SessionBearer

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = {"accounts", "sessions_api"}  # config is around the walk: middleware, and a database backend


class Walk:
    """The modules of ours that run between the call of a function and its return, and which of them calls which."""

    def __init__(self, start):
        self.start, self.modules, self.calls, self.stack = start.__code__, [], set(), []

    def __enter__(self):
        sys.setprofile(self.observe)
        return self

    def __exit__(self, *_):
        sys.setprofile(None)

    def observe(self, frame, event, _):
        if event == "call" and (self.stack or frame.f_code is self.start):
            self.enter(frame)
        elif event == "return" and self.stack and self.stack[-1][0] is frame:
            self.stack.pop()

    def enter(self, frame):
        if frame.f_code.co_name == "from_db":  # Django calls it for each row
            return
        path = Path(frame.f_code.co_filename)
        if not path.is_relative_to(ROOT) or (name := path.relative_to(ROOT).as_posix()).split("/")[0] not in PACKAGES:
            return
        if name not in self.modules:
            self.modules.append(name)
        if self.stack and self.stack[-1][1] != name:
            self.calls.add((self.stack[-1][1], name))
        self.stack.append((frame, name))

    @property
    def path(self):
        """The modules that lead on to another one."""
        return [module for module in self.modules if any(caller == module for caller, _ in self.calls)]

    @property
    def helpers(self):
        """The modules that only answer a question."""
        return [module for module in self.modules if module not in self.path]


def test_login_passes_ten_files_and_asks_seven_helpers(api, alice):
    alice.logs_in(api)
    with Walk(login.__wrapped__.__wrapped__) as walk:  # the place was taken, and the limit counted, before
        alice.logs_in(api)
    assert walk.path == [
        "accounts/login/api.py",
        "accounts/login/password.py",
        "accounts/login/lockout.py",
        "sessions_api/ratelimit/limits.py",
        "accounts/models.py",
        "accounts/passwords/hashers.py",
        "accounts/login/complete.py",
        "sessions_api/models.py",
        "sessions_api/events/models.py",
        "accounts/login/schemas.py",
    ]
    assert sorted(walk.helpers) == [
        "accounts/fields.py",
        "accounts/hash_pool.py",
        "accounts/login/devices.py",
        "accounts/login/models.py",
        "sessions_api/http/client.py",
        "sessions_api/ratelimit/memory.py",
        "sessions_api/tokens.py",
    ]


def test_token_leads_to_its_user_through_two_files_and_two_helpers(api, alice):
    with Walk(SessionBearer.__call__) as walk:
        assert api.use(alice.token) == 200
    assert walk.modules[:2] == ["sessions_api/auth.py", "sessions_api/models.py"]
    assert sorted(walk.modules[2:]) == ["sessions_api/compiled_query.py", "sessions_api/tokens.py"]
