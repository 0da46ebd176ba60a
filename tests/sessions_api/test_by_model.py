"""Alice, Bob and Charlie send random requests, and a plain model says which tokens are valid."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.login import lockout
from accounts.models import User
from sessions_api.models import Session

from ..users import ApiClient, problem

LIFETIME, IDLE = timedelta(days=90), timedelta(days=30)
TOUCH, RECENT = timedelta(seconds=300), timedelta(seconds=600)
CAP = 3
NAMES = ["alice", "bob", "charlie"]
DEVICES = ["Firefox", "Phone", "curl"]
UNKNOWN = "s_" + "A" * 86
STEPS = [1, 299, 300, 599, 601, 86_400, 29 * 86_400, 30 * 86_400, 60 * 86_400]


@dataclass
class Account:
    password: str
    active: bool = True


@dataclass
class ModelSession:
    """One session in the model."""

    name: str
    token: str
    device: str
    created: datetime
    seen: datetime = field(init=False)
    authenticated: datetime = field(init=False)

    def __post_init__(self):
        self.seen = self.authenticated = self.created

    @property
    def end(self):
        return min(self.created + LIFETIME, self.seen + IDLE)


class Town(RuleBasedStateMachine):
    """Each rule is a request to the API, or an act of an administrator, of an operator or of the clock."""

    user = st.sampled_from(NAMES)
    token = st.runner().flatmap(lambda town: st.sampled_from(town.tokens()))

    def __init__(self):
        super().__init__()
        User.objects.all().delete()
        self.api = ApiClient()
        self.root = User.objects.create_superuser("root@example.org", "the password of root")
        self.travel = time_machine.travel(datetime(2027, 1, 1, tzinfo=UTC), tick=False)
        self.clock = self.travel.start()
        self.accounts, self.sessions, self.issued = {}, [], []

    def teardown(self):
        self.travel.stop()

    @property
    def now(self):
        return datetime.now(UTC)

    # Users

    @initialize(names=st.lists(user, min_size=2, max_size=6))
    def begin(self, names):
        for name in names:
            self.log_in(name, "Phone")

    @rule(name=user, device=st.sampled_from(DEVICES))
    def log_in(self, name, device):
        """Register, or log in. Beyond the limit, the least recently seen session is revoked.

        No two sessions are created at one moment, even if the clock is set back between them.
        """
        self.clock.shift(timedelta(seconds=1, microseconds=1))
        way = "login" if name in self.accounts else "register"
        account = self.accounts.setdefault(name, Account(f"the password of {name}"))
        body = {"email": f"{name}@example.org", "password": account.password}
        answer = self.api.call("POST", f"/api/auth/{way}", body, User_Agent=device)
        if not account.active:
            assert problem(answer) == (401, "authentication_failed")
            return
        others = sorted(self.live_of(name), key=lambda s: (s.seen, s.created))
        self.sessions.append(ModelSession(name, self.note(answer), device, self.now))
        self.end(others[: -(CAP - 1)])

    @rule(name=user)
    def mistype(self, name):
        """A login with a misspelt password."""
        typed = self.accounts[name].password + "!" if name in self.accounts else "a guess of mine"
        assert problem(self.api.login(f"{name}@example.org", typed)) == (401, "authentication_failed")

    @rule(token=token)
    def use(self, token):
        if answer := self.call("GET", "/api/users/me", token):
            assert answer.json()["email"] == f"{self.of(token).name}@example.org"

    @rule(token=token)
    def list_sessions(self, token):
        """The list shows the live sessions, newest first, and which one is current."""
        if answer := self.call("GET", "/api/auth/sessions", token):
            mine = sorted(self.live_of(self.of(token).name), key=lambda s: s.created, reverse=True)
            shown = [(s["user_agent"], s["current"]) for s in answer.json()]
            assert shown == [(s.device, s.token == token) for s in mine]

    @rule(token=token)
    def log_out(self, token):
        session = self.of(token)
        if self.call("POST", "/api/auth/logout", token):
            self.end([session])

    @rule(token=token, other=token)
    def revoke_one(self, token, other):
        """The current session at any time, another one after a recent login; a foreign or revoked one is not found."""
        handle = self.handle(other)
        if (session := self.live(token)) is None:
            return
        answer = self.api.call("DELETE", f"/api/auth/sessions/{handle}", token=token)
        self.touch(session)
        target = self.live(other)
        if token != other and not self.recent(session):
            assert problem(answer) == (403, "reauthentication_required")
        elif target and target.name == session.name:
            assert answer.status_code == 204
            self.end([target])
        else:
            assert problem(answer) == (404, "not_found")

    @rule(token=token, include_current=st.booleans())
    def revoke_others(self, token, include_current):
        path = f"/api/auth/sessions?include_current={str(include_current).lower()}"
        if self.call("DELETE", path, token, recent=True):
            session = self.of(token)
            self.end([s for s in self.live_of(session.name) if include_current or s is not session])

    @rule(token=token, right=st.booleans())
    def authenticate_again(self, token, right):
        session = self.live(token)
        password = self.accounts[session.name].password if session and right else "not the password"
        answer = self.api.call("POST", "/api/auth/reauthenticate", {"password": password}, token=token)
        self.renewed(session, answer, right)

    @rule(token=token, right=st.booleans(), number=st.integers(0, 9))
    def change_the_password(self, token, right, number):
        session = self.live(token)
        new = f"a new password, number {number}"
        old = self.accounts[session.name].password if session and right else "not the password"
        body = {"current_password": old, "new_password": new}
        answer = self.api.call("POST", "/api/auth/password", body, token=token)
        if answer.status_code == 200:
            self.accounts[session.name].password = new
            self.end([s for s in self.live_of(session.name) if s is not session])
        self.renewed(session, answer, right)

    @rule(token=token)
    def delete_account(self, token):
        session = self.of(token)
        if self.call("DELETE", "/api/users/me", token, recent=True):
            self.end(self.live_of(session.name))
            del self.accounts[session.name]

    # Administrators, operators and the clock

    @rule(name=user, action=st.sampled_from(["enable", "disable", "enable", "revoke_sessions"]))
    def administer(self, name, action):
        if name not in self.accounts:
            return
        user = User.objects.get(email=f"{name}@example.org")
        browser = Client()
        browser.force_login(self.root)
        browser.post("/admin/accounts/user/", {"action": action, "_selected_action": [str(user.pk)]})
        self.accounts[name].active = action == "enable" or (action != "disable" and self.accounts[name].active)
        if action != "enable":
            self.end(self.live_of(name))

    @rule(name=user)
    def revoke_by_command(self, name):
        if name in self.accounts:
            call_command("revoke_sessions", user=f"{name}@example.org", stdout=StringIO())
            self.end(self.live_of(name))

    @rule(size=st.integers(1, 3))
    def purge(self, size):
        """The command deletes the expired sessions only."""
        call_command("purge_sessions", batch_size=size, stdout=StringIO())
        assert Session.objects.count() == sum(len(self.live_of(name)) for name in NAMES)

    @rule(seconds=st.sampled_from(STEPS))
    def pass_time(self, seconds):
        self.clock.shift(seconds)
        self.delete_expired()

    @rule(seconds=st.sampled_from([1, 59, 61]))
    def set_clock_back(self, seconds):
        """Expired sessions stay invalid: the invariant checks each token after each step, which deletes them."""
        self.clock.shift(-seconds)

    # Invariant

    @invariant()
    def server_agrees(self):
        """Which tokens are valid, and until when. A session check changes no session, so it can follow each step."""
        for token in self.issued:
            session, answer = self.live(token), self.api.check_session(token)
            if session is None:
                assert problem(answer) == (401, "session_expired")
            else:
                shown = [answer.json()[name] for name in ("last_seen_at", "authenticated_at", "expires_at")]
                kept = [session.seen, session.authenticated, session.end]
                assert shown == [f"{at.isoformat(timespec='milliseconds')[:23]}Z" for at in kept]

    # The model

    def tokens(self):
        """Tokens to send: the valid ones, the last one that became invalid, and an unknown one."""
        invalid = [token for token in self.issued if not self.live(token)]
        return [*(session.token for session in self.sessions if self.live(session.token)), *invalid[-1:], UNKNOWN]

    def note(self, answer):
        assert answer.status_code in {200, 201}, answer.content
        token = answer.json()["token"]
        assert token not in self.issued
        self.issued.append(token)
        return token

    def of(self, token):
        return next((session for session in self.sessions if session.token == token), None)

    def live(self, token):
        session = self.of(token)
        return session if session and session.end > self.now else None

    def live_of(self, name):
        return [session for session in self.sessions if session.name == name and session.end > self.now]

    def end(self, sessions):
        self.sessions = [session for session in self.sessions if session not in sessions]

    def delete_expired(self):
        self.sessions = [session for session in self.sessions if session.end > self.now]

    def recent(self, session):
        return self.now - RECENT <= session.authenticated <= self.now + timedelta(minutes=1)

    def touch(self, session):
        if session.seen <= self.now - TOUCH:
            session.seen = self.now

    def handle(self, token):
        answer = self.api.check_session(token)
        return answer.json().get("handle", "39b1c462-56fc-4230-b122-2ea2dedcf8f4")

    def call(self, method, path, token, *, recent=False):
        """The response, or None where the model expects the refusal that came."""
        session = self.live(token)
        answer = self.api.call(method, path, token=token)
        if session is None:
            assert problem(answer) == (401, "session_expired")
            return None
        self.touch(session)
        if recent and not self.recent(session):
            assert problem(answer) == (403, "reauthentication_required")
            return None
        assert answer.status_code in {200, 204}
        return answer

    def renewed(self, session, answer, right):
        """The session has a new token; the old one is invalid."""
        if session is None:
            assert problem(answer) == (401, "session_expired")
            return
        self.touch(session)
        if not right:
            assert problem(answer) == (403, "invalid_password")
            return
        session.token, session.seen, session.authenticated = self.note(answer), self.now, self.now


@pytest.mark.asvs("7.2.4", "7.4.1", "7.4.2", "7.4.3", "7.5.2")
def test_tokens_are_valid_exactly_when_the_model_says_so(db, town_settings):
    run_state_machine_as_test(Town, settings=settings(**town_settings))


@pytest.fixture
def town_settings(settings, monkeypatch):
    settings.RATE_LIMIT_FACTOR = 0  # limits and the lockout have tests of their own
    monkeypatch.setattr(lockout, "COOL_OFF_FROM", 1_000_000)
    settings.SESSION_LIFETIME, settings.SESSION_IDLE, settings.SESSION_TOUCH = LIFETIME, IDLE, TOUCH
    settings.REAUTHENTICATION, settings.SESSION_MAX_PER_USER = RECENT, CAP
    return {
        "max_examples": int(os.environ.get("MODEL_EXAMPLES", "20")),
        "stateful_step_count": 30,
        "deadline": None,
        "suppress_health_check": list(HealthCheck),
    }
