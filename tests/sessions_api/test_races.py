"""Many parallel requests to two processes, and an operator who revokes meanwhile: the database decides each race."""

import os
import random
import subprocess
import sys
from collections import Counter
from threading import Semaphore

import psycopg
import pytest

from ..races import at_once
from ..server import ROOT, database, serving
from ..users import problem

pytestmark = pytest.mark.postgres

ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
CAP = 5
PASSWORD = "correct horse battery"
OPERATOR = """
import sys, django
django.setup()
from accounts.models import User
from sessions_api.models import Session
for line in sys.stdin:
    exec(line)
    print("done", flush=True)
"""


class House:
    """A service of two processes, its database, and an operator at a Python prompt of the service."""

    def __init__(self, server, url):
        self.call, self.url = server.call, url
        env = {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.operator = subprocess.Popen([sys.executable, "-c", OPERATOR], cwd=ROOT, env=os.environ | env, **pipes)

    def operate(self, statement):
        self.operator.stdin.write(f"{statement}\n")
        self.operator.stdin.flush()
        assert self.operator.stdout.readline() == "done\n"

    def sql(self, statement, *values):
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def count_sessions(self, email):
        query = "SELECT count(*) FROM sessions_api_session s JOIN accounts_user u ON u.id = user_id WHERE email = %s"
        return self.sql(query, email)[0][0]

    def exists(self, email):
        return self.sql("SELECT count(*) FROM accounts_user WHERE email = %s", email) == [(1,)]

    def register(self, email):
        return self.call("POST", "/api/auth/register", {"email": email, "password": PASSWORD})

    def login(self, email, password=PASSWORD):
        return self.call("POST", "/api/auth/login", {"email": email, "password": password})

    def session(self, token):
        return self.call("GET", "/api/auth/session", token=token)

    def use(self, token):
        """A request that uses the session, and so writes `last_seen_at`; `session` only checks it."""
        return self.call("GET", "/api/users/me", token=token)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Each request writes `last_seen_at`. At the end there was no deadlock and no traceback."""
    folder = tmp_path_factory.mktemp("races")
    limits = {"SESSION_MAX_PER_USER": str(CAP), "SESSION_TOUCH_SECONDS": "0"}
    with database(folder) as url:
        with serving(workers=2, log=folder / "log", DATABASE_URL=url, **limits) as server:
            house = House(server, url)
            yield house
            house.operator.communicate()
        [[deadlocks]] = house.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert deadlocks == 0
        assert "Traceback" not in (folder / "log").read_text()


def meanwhile(act, calls):
    """The results of the calls; `act` runs as soon as a random number of them have returned."""
    returned = Semaphore(0)

    def call_and_tell(call):
        answer = call()
        returned.release()
        return answer

    def wait_and_act():
        for _ in range(random.randrange(len(calls) - 1)):
            returned.acquire()
        act()

    *answers, _ = at_once(*(lambda call=call: call_and_tell(call) for call in calls), wait_and_act)
    return answers


@pytest.mark.asvs("15.4.2")
@pytest.mark.parametrize("turn", range(ROUNDS))
def test_registration_of_one_address_by_fifty_at_once_succeeds_once(house, turn):
    spellings = [
        f"Fifty{turn}@example.org",
        f"fifty{turn}@EXAMPLE.org",
        f" FIFTY{turn}@example.org",
        f"ｆifty{turn}@example.org",
    ]
    answers = at_once(*(lambda email=spellings[n % 4]: house.register(email) for n in range(50)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 49}
    email = f"fifty{turn}@example.org"
    assert house.exists(email)
    assert house.count_sessions(email) == 1
    [token] = [answer.json()["token"] for answer in answers if answer.status_code == 201]
    assert house.session(token).json()["user"]["email"] == email


ENDINGS = {
    "by the user": None,
    "by an administrator": "Session.objects.filter(user__email='{email}').revoke()",
    "one by one": "[session.delete() for session in Session.objects.filter(user__email='{email}')]",
    "by disabling": "User.objects.filter(email='{email}').update(is_active=False)",
    "by a moment disabled": "[User.objects.filter(email='{email}').update(is_active=value) for value in (False, True)]",
    "by a new password": "u = User.objects.get(email='{email}'); u.set_password('a new password'); u.save()",
    "with the user": "User.objects.get(email='{email}').delete()",
    "with many users": "User.objects.filter(email='{email}').delete()",
}


@pytest.mark.asvs("7.4.1", "7.4.2", "8.3.2")
@pytest.mark.parametrize("ending", ENDINGS)
def test_revoked_session_is_not_restored_by_parallel_requests(house, ending):
    for turn in range(ROUNDS):
        email = f"{ending.replace(' ', '-')}-{turn}@example.org"
        token = house.register(email).json()["token"]

        def end(email=email, token=token):
            if ENDINGS[ending]:
                house.operate(ENDINGS[ending].format(email=email))
            else:
                assert house.call("POST", "/api/auth/logout", token=token).status_code in {204, 401}

        look = [lambda token=token: house.use(token)] * 8
        rename = [lambda token=token: house.call("PATCH", "/api/users/me", {"display_name": "x"}, token=token)] * 8
        leave = [lambda token=token: house.call("POST", "/api/auth/logout", token=token)] if turn % 2 else []
        answers = meanwhile(end, look + rename + leave)
        assert {answer.status_code for answer in answers} <= {200, 204, 401}
        assert house.session(token).status_code == 401
        assert house.count_sessions(email) == 0
        assert house.exists(email) is not ending.startswith("with")


@pytest.mark.asvs("2.3.2", "2.3.4", "15.4.2")
@pytest.mark.parametrize("turn", range(ROUNDS))
def test_session_limit_holds_for_parallel_logins(house, turn):
    email = f"limit{turn}@example.org"
    tokens = [house.register(email).json()["token"]]
    tokens += [house.login(email).json()["token"] for _ in range(CAP - 1)]
    uses = [lambda token=token: house.use(token) for token in tokens * 2]
    leaves = [lambda: house.call("POST", "/api/auth/logout", token=tokens[0])]
    answers = at_once(*[lambda: house.login(email)] * 20, *uses, *leaves)
    assert [answer.status_code for answer in answers[:20]] == [200] * 20
    assert {answer.status_code for answer in answers[20:]} <= {200, 204, 401}
    assert house.count_sessions(email) in {CAP - 1, CAP}  # one less if the logout came last


def login_once_connected(service, user):
    """A machine with much other work cannot open 25 connections in two seconds; 503 then asks to try again."""
    for _ in range(10):
        answer = service.call("POST", "/api/auth/login", user)
        if answer.status_code != 503 or problem(answer) != (503, "service_unavailable"):
            break
    return answer


@pytest.mark.asvs("2.3.2", "2.3.4", "15.4.2")
@pytest.mark.parametrize("cap", [1, CAP])
def test_session_limit_is_exact_for_fifty_logins_at_once(house, tmp_path, cap):
    """Cheap hashes, and room for one in each thread, let the logins reach the limit at the same time."""
    cheap = {"ARGON2_TIME_COST": "1", "ARGON2_MEMORY_COST": "64", "HASHES_AT_ONCE": "25"}
    env = cheap | {"DATABASE_URL": house.url, "SESSION_MAX_PER_USER": str(cap)}
    with serving(workers=2, threads=25, log=tmp_path / "log", **env) as service:
        for turn in range(ROUNDS // 5 or 1):
            user = {"email": f"fifty-{cap}-{turn}@example.org", "password": PASSWORD}
            assert service.call("POST", "/api/auth/register", user).status_code == 201
            answers = at_once(*[lambda user=user: login_once_connected(service, user)] * 50)
            assert [answer.status_code for answer in answers] == [200] * 50
            assert house.count_sessions(user["email"]) == cap
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.asvs("7.4.1", "15.4.2")
@pytest.mark.parametrize("turn", range(ROUNDS))
def test_parallel_revocations_of_all_others_leave_exactly_one_session(house, turn):
    email = f"duel{turn}@example.org"
    tokens = [house.register(email).json()["token"], *(house.login(email).json()["token"] for _ in range(CAP - 1))]
    answers = at_once(
        *(lambda token=token: house.call("DELETE", "/api/auth/sessions", token=token) for token in tokens)
    )
    assert Counter(answer.status_code for answer in answers) == {204: 1, 401: CAP - 1}
    assert [house.session(token).status_code == 200 for token in tokens] == [a.status_code == 204 for a in answers]


CHANGES = {
    "has a new password": "u = User.objects.get(email='{email}'); u.set_password('a new password'); u.save()",
    "has no password": "User.objects.filter(email='{email}').update(password='!')",
    "is disabled": "User.objects.filter(email='{email}').update(is_active=False)",
    "is disabled by hand": "u = User.objects.get(email='{email}'); u.is_active = False; u.save()",
    "is deleted": "User.objects.get(email='{email}').delete()",
    "is deleted with others": "User.objects.filter(email='{email}').delete()",
}


@pytest.mark.asvs("7.4.2", "15.4.2")
@pytest.mark.parametrize("change", CHANGES)
def test_login_does_not_survive_a_parallel_change_of_the_user(house, change):
    for turn in range(ROUNDS):
        email = f"{change.replace(' ', '-')}-{turn}@example.org"
        tokens = [house.register(email).json()["token"]]
        answers = meanwhile(
            lambda email=email: house.operate(CHANGES[change].format(email=email)),
            [lambda email=email: house.login(email)] * 20,
        )
        assert {answer.status_code for answer in answers} <= {200, 401, 429}  # 429: ten failures in a row
        tokens += [answer.json()["token"] for answer in answers if answer.status_code == 200]
        assert {house.session(token).status_code for token in tokens} == {401}
        assert house.count_sessions(email) == 0


@pytest.mark.asvs("15.4.3")
@pytest.mark.parametrize("turn", range(ROUNDS))
def test_parallel_revocations_for_one_user_do_not_deadlock(house, turn):
    email = f"endings{turn}@example.org"
    tokens = [house.register(email).json()["token"]]
    tokens += [house.login(email).json()["token"] for _ in range(CAP - 1)]
    end_others = [lambda token=token: house.call("DELETE", "/api/auth/sessions", token=token) for token in tokens * 3]
    logins = [lambda: house.login(email)] * 15
    answers = meanwhile(
        lambda: house.operate(ENDINGS["by a moment disabled"].format(email=email)), [*end_others, *logins]
    )
    assert {answer.status_code for answer in answers} <= {200, 204, 401}
    assert house.count_sessions(email) <= CAP


@pytest.mark.asvs("7.2.4", "15.4.2")
@pytest.mark.parametrize("turn", range(ROUNDS))
def test_reauthentication_by_twenty_at_once_renews_the_token_once(house, turn):
    email = f"renew{turn}@example.org"
    token = house.register(email).json()["token"]
    again = [lambda: house.call("POST", "/api/auth/reauthenticate", {"password": PASSWORD}, token=token)] * 20
    answers = at_once(*again)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 19}
    [renewed] = [answer.json()["token"] for answer in answers if answer.status_code == 200]
    assert (house.session(renewed).status_code, house.session(token).status_code) == (200, 401)
    assert house.count_sessions(email) == 1


@pytest.mark.asvs("7.4.3", "15.4.2")
@pytest.mark.parametrize("turn", range(ROUNDS))
def test_password_change_by_ten_at_once_succeeds_once_and_revokes_all_logins(house, turn):
    email = f"change{turn}@example.org"
    tokens = [house.register(email).json()["token"], house.login(email).json()["token"]]
    passwords = [f"a new password {number}" for number in range(10)]

    def change(number):
        body = {"current_password": PASSWORD, "new_password": passwords[number]}
        return house.call("POST", "/api/auth/password", body, token=tokens[number % 2])

    changes = [lambda number=number: change(number) for number in range(10)]
    answers = at_once(*changes, *[lambda: house.login(email)] * (CAP - 2))  # which evict no session
    assert {answer.status_code for answer in answers} <= {200, 401, 403}
    [(winner, kept)] = [
        (n, answer.json()["token"]) for n, answer in enumerate(answers[:10]) if answer.status_code == 200
    ]
    issued = [answer.json()["token"] for answer in answers[10:] if answer.status_code == 200]
    assert {house.session(token).status_code for token in [*tokens, *issued]} == {401}
    assert house.session(kept).status_code == 200
    assert house.count_sessions(email) == 1
    # The right password first, which clears the failures: after ten in a row, the last ones would be refused.
    tried = {n: house.login(email, passwords[n]) for n in sorted(range(10), key=lambda n: n != winner)}
    assert [n for n, answer in tried.items() if answer.status_code == 200] == [winner]


@pytest.mark.asvs("15.4.1", "15.4.3")
def test_touch_by_five_hundred_requests_writes_once(house, tmp_path):
    token = house.register("busy@example.org").json()["token"]
    house.sql("CREATE TABLE seen (at timestamptz DEFAULT now())")
    house.sql("""
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN INSERT INTO seen DEFAULT VALUES; RETURN NULL; END';
        CREATE TRIGGER note AFTER UPDATE OF last_seen_at ON sessions_api_session
            FOR EACH ROW EXECUTE FUNCTION note()
    """)
    house.sql("UPDATE sessions_api_session SET last_seen_at = now() - interval '301 seconds'")
    house.sql("TRUNCATE seen")
    with serving(workers=2, log=tmp_path / "log", DATABASE_URL=house.url, SESSION_TOUCH_SECONDS="300") as calm:
        ten = lambda: [calm.call("GET", "/api/users/me", token=token).status_code for _ in range(10)]  # noqa: E731
        answers = at_once(*[ten] * 50)
    assert Counter(status for statuses in answers for status in statuses) == {200: 500}
    assert house.sql("SELECT count(*) FROM seen") == [(1,)]
