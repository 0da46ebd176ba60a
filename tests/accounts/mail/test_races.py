"""Races for one-time tokens: two server processes that send real mails, and many requests at once."""

import os
import re
import time
from collections import Counter

import pytest

from ...races import at_once
from ...server import database, serving
from ...sessions_api.test_races import House

pytestmark = pytest.mark.postgres

ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
PASSWORD = "correct horse battery"
turns = pytest.mark.parametrize("turn", range(ROUNDS))


class MailedService(House):
    """The service of two processes, and the folder to which it sends its mails."""

    def __init__(self, server, url, folder):
        super().__init__(server, url)
        self.folder = folder
        self.read = set()

    def token(self, email, page):
        """Waits for a mail to this address with a link to this page; returns the token, each one once."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for mail in self.mails():
                found = re.findall(rf"^http://localhost:3000{page}#(\w{{96}})$", mail, re.MULTILINE)
                if found and f"\nTo: {email}\n" in mail and found[0] not in self.read:
                    self.read.add(found[0])
                    return found[0]
            time.sleep(0.02)  # for another process, not for time to pass
        raise AssertionError(f"No mail to {email} about {page}")

    def mails(self):
        """The texts of all mails. Django puts a line of hyphens between mails in one file."""
        return [mail for path in self.folder.iterdir() for mail in path.read_text().split("\n" + "-" * 79 + "\n")]

    def post(self, path, body=None, token=""):
        return self.call("POST", f"/api/auth/{path}", body or {}, token=token)

    def new_user(self, email):
        """Registers a user with a verified address; returns the token of the session."""
        token = self.register(email).json()["token"]
        assert self.post("email/verify", {"token": self.token(email, "/email/verify")}, token).status_code == 204
        return token

    def registration_token(self, email):
        """REGISTRATION is open here, so the operator queues this mail. A reset mail wakes a worker at once."""
        self.operate(
            f"from accounts.mail.models import QueuedMail; QueuedMail.objects.enqueue('register', email='{email}')"
        )
        self.post("password/reset", {"email": "unknown@example.org"})
        return self.token(email, "/register/confirm")

    def password_login(self, email, password):
        return self.post("login", {"email": email, "password": password}).status_code

    def columns(self, email):
        return self.sql("SELECT password, email_verified_at FROM accounts_user WHERE email = %s", email)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """At the end, the database has counted no deadlock, and the log has no traceback."""
    folder = tmp_path_factory.mktemp("races")
    mails = folder / "mails"
    mails.mkdir()
    mail = {"EMAIL_URL": f"filemail:///{mails}", "MAIL_IN_PROCESS": "true"}
    with database(folder) as url:
        with serving(workers=2, log=folder / "log", DATABASE_URL=url, **mail) as server:
            service = MailedService(server, url, mails)
            yield service
            service.operator.communicate()
        [[deadlocks]] = service.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert deadlocks == 0
        assert "Traceback" not in (folder / "log").read_text()


def statuses(answers):
    return Counter(answer.status_code for answer in answers)


@turns
@pytest.mark.asvs("6.5.1", "15.4.2")
def test_reset_token_sets_one_of_twenty_concurrent_passwords(service, turn):
    email = f"reset{turn}@example.org"
    token = service.new_user(email)
    service.post("password/reset", {"email": email})
    link = service.token(email, "/password/reset")
    body = {"token": link}
    answers = at_once(
        *(
            lambda n=n: service.post("password/reset/confirm", body | {"new_password": f"a new password {n}"})
            for n in range(20)
        )
    )
    assert statuses(answers) == {204: 1, 400: 19}
    [winner] = [n for n, answer in enumerate(answers) if answer.status_code == 204]
    others = [n for n in range(20) if n != winner][:3]  # ten failed logins would start a cool-off
    assert [n for n in [*others, winner] if service.password_login(email, f"a new password {n}") == 200] == [winner]
    assert service.session(token).status_code == 401


@turns
@pytest.mark.asvs("6.5.1", "15.4.2")
def test_registration_token_creates_one_account_for_twenty_concurrent_requests(service, turn):
    email = f"verified{turn}@example.org"
    link = service.registration_token(email)
    answers = at_once(
        *(
            lambda n=n: service.post("register/confirm", {"token": link, "password": f"a new password {n}"})
            for n in range(20)
        )
    )
    assert statuses(answers) == {201: 1, 400: 19}
    [winner] = [n for n, answer in enumerate(answers) if answer.status_code == 201]
    assert service.password_login(email, f"a new password {winner}") == 200
    assert service.count_sessions(email) == 2


@pytest.mark.asvs("15.4.2")
def test_registration_token_and_concurrent_registrations_share_no_account(service):
    for turn in range(ROUNDS):
        email = f"beside{turn}@example.org"
        body = {"token": service.registration_token(email), "password": "by the link of a mail"}
        confirmed, *registered = at_once(
            lambda body=body: service.post("register/confirm", body),
            *[lambda email=email: service.register(email)] * 5,
        )
        by_link = confirmed.status_code == 201
        assert by_link or confirmed.json()["error_code"] == "invalid_link"
        assert statuses(registered) == ({409: 5} if by_link else {201: 1, 409: 4})
        assert service.password_login(email, "by the link of a mail") == (200 if by_link else 401)
        assert service.exists(email)


@turns
@pytest.mark.asvs("6.5.1", "15.4.2")
def test_change_token_gives_an_address_to_one_of_four_concurrent_users(service, turn):
    """Each of the four uses a token of their own five times."""
    wanted = f"wanted{turn}@example.org"
    movers = {}
    for n in range(4):
        token = service.new_user(f"mover{turn}{n}@example.org")
        service.post("email/change", {"email": wanted}, token)
        movers[token] = service.token(wanted, "/email/change")
    assert len(set(movers.values())) == 4
    answers = at_once(
        *(
            lambda token=token, link=link: service.post("email/change/confirm", {"token": link}, token)
            for token, link in list(movers.items()) * 5
        )
    )
    assert statuses(answers)[204] == 1
    assert {answer.status_code for answer in answers} <= {204, 400, 409}
    assert service.exists(wanted)


@turns
@pytest.mark.asvs("15.4.2")
def test_old_address_stays_reserved_against_concurrent_registrations(service, turn):
    old, new = f"old{turn}@example.org", f"new{turn}@example.org"
    token = service.new_user(old)
    service.post("email/change", {"email": new}, token)
    link = service.token(new, "/email/change")
    moved, *waiting = at_once(
        lambda: service.post("email/change/confirm", {"token": link}, token), *[lambda: service.register(old)] * 19
    )
    assert moved.status_code == 204
    assert statuses(waiting) == {409: 19}
    assert not service.exists(old)
    assert service.post("secure", {"token": service.token(old, "/secure")}).status_code == 204
    assert service.exists(old)


@turns
@pytest.mark.asvs("6.5.1", "15.4.2", "7.4.3")
def test_revert_token_gives_the_account_to_its_owner_whatever_a_thief_does_at_once(service, turn):
    """Ten requests use one revert token, while the thief changes the address and the password, and logs in."""
    mine, his = f"owner{turn}@example.org", f"thief{turn}@example.org"
    service.new_user(mine)
    body = {"email": mine, "password": PASSWORD}
    stolen = service.call("POST", "/api/auth/login", body, headers={"User-Agent": "curl/8.0"}).json()["token"]
    revert = service.token(mine, "/secure")
    service.post("email/change", {"email": his}, stolen)
    link = service.token(his, "/email/change")
    new = {"current_password": PASSWORD, "new_password": "the password of a thief"}
    answers = at_once(
        *[lambda: service.post("secure", {"token": revert})] * 10,
        *[lambda: service.post("email/change/confirm", {"token": link}, stolen)] * 3,
        *[lambda: service.post("password", new, stolen)] * 2,
        *[lambda: service.login(mine)] * 3,
        *[lambda: service.post("email/change", {"email": his}, stolen)] * 2,
    )
    assert statuses(answers[:10]) == {204: 1, 400: 9}
    sessions = [answer.json()["token"] for answer in answers[13:18] if answer.status_code == 200]
    assert {service.session(token).status_code for token in [stolen, *sessions]} == {401}
    assert not service.exists(his)
    [(password, verified)] = service.columns(mine)
    assert password.startswith("!")
    assert verified
    assert service.count_sessions(mine) == 0
    reset = {"token": service.token(mine, "/password/reset"), "new_password": "chosen by the owner"}
    assert service.post("password/reset/confirm", reset).status_code == 204
    assert service.password_login(mine, "chosen by the owner") == 200


@turns
@pytest.mark.asvs("15.4.2")
def test_concurrent_requests_for_mails_leave_one_usable_token_of_each_type(service, turn):
    email = f"asks{turn}@example.org"
    token = service.register(email).json()["token"]
    asks = [lambda: service.post("password/reset", {"email": email})] * 10
    answers = at_once(*asks, *[lambda: service.post("email/verify/resend", token=token)] * 10)
    assert statuses(answers) == {202: 20}
    deadline = time.monotonic() + 10
    while service.sql("SELECT 1 FROM accounts_mail_queuedmail LIMIT 1") and time.monotonic() < deadline:
        time.sleep(0.02)  # for another process, not for time to pass
    query = """
        SELECT type, count(*) FROM accounts_mail_onetimetoken t JOIN accounts_user u ON u.id = user_id
        WHERE u.email = %s AND used_at IS NULL GROUP BY type ORDER BY type
    """
    assert service.sql(query, email) == [("reset", 1), ("verify", 1)]
