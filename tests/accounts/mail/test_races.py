"""Twenty at once with one link, and a thief beside the owner: two processes, and the mails that they really send."""

import os
import re
import time
from collections import Counter

import pytest

from ...server import database, serving
from ...sessions_api.test_races import House, at_once

pytestmark = pytest.mark.postgres

ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
PASSWORD = "correct horse battery"
turns = pytest.mark.parametrize("turn", range(ROUNDS))


class Street(House):
    """The same house, and a folder into which its mails fall."""

    def __init__(self, server, url, folder):
        super().__init__(server, url)
        self.folder = folder
        self.read = set()

    def token(self, email, page):
        """What stands behind `#` in a mail to this address that leads to this page; it is on its way."""
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
        """Django separates those by a line which share a file."""
        return [mail for path in self.folder.iterdir() for mail in path.read_text().split("\n" + "-" * 79 + "\n")]

    def post(self, path, body=None, token=""):
        return self.call("POST", f"/api/auth/{path}", body or {}, token=token)

    def new_user(self, email):
        """Registered, and proven; the token of the session."""
        token = self.register(email).json()["token"]
        assert self.post("email/verify", {"token": self.token(email, "/email/verify")}, token).status_code == 204
        return token

    def link_to_register(self, email):
        """Queued by the operator, since anybody may register here; another mail wakes a worker at once."""
        self.operate(
            f"from accounts.mail.models import QueuedMail; QueuedMail.objects.enqueue('register', email='{email}')"
        )
        self.post("password/reset", {"email": "nobody@example.org"})
        return self.token(email, "/register/confirm")

    def password_login(self, email, password):
        return self.post("login", {"email": email, "password": password}).status_code

    def columns(self, email):
        return self.sql("SELECT password, email_verified_at FROM accounts_user WHERE email = %s", email)


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """At the end there was no deadlock, and nothing unexpected."""
    folder = tmp_path_factory.mktemp("races")
    mails = folder / "mails"
    mails.mkdir()
    mail = {"EMAIL_URL": f"filemail:///{mails}", "MAIL_IN_PROCESS": "true"}
    with database(folder) as url:
        with serving(workers=2, log=folder / "log", DATABASE_URL=url, **mail) as server:
            street = Street(server, url, mails)
            yield street
            street.operator.communicate()
        [[deadlocks]] = street.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert deadlocks == 0
        assert "Traceback" not in (folder / "log").read_text()


def statuses(answers):
    return Counter(answer.status_code for answer in answers)


@turns
@pytest.mark.asvs("6.5.1", "15.4.2")
def test_of_twenty_new_passwords_by_one_link_one_counts(street, turn):
    email = f"reset{turn}@example.org"
    token = street.new_user(email)
    street.post("password/reset", {"email": email})
    link = street.token(email, "/password/reset")
    body = {"token": link}
    answers = at_once(
        *(
            lambda n=n: street.post("password/reset/confirm", body | {"new_password": f"a new password {n}"})
            for n in range(20)
        )
    )
    assert statuses(answers) == {204: 1, 400: 19}
    [winner] = [n for n, answer in enumerate(answers) if answer.status_code == 204]
    others = [n for n in range(20) if n != winner][:3]  # more would be a row of failures
    assert [n for n in [*others, winner] if street.password_login(email, f"a new password {n}") == 200] == [winner]
    assert street.session(token).status_code == 401


@turns
@pytest.mark.asvs("6.5.1", "15.4.2")
def test_of_twenty_confirmations_by_one_link_one_opens_the_account(street, turn):
    email = f"verified{turn}@example.org"
    link = street.link_to_register(email)
    answers = at_once(
        *(
            lambda n=n: street.post("register/confirm", {"token": link, "password": f"a new password {n}"})
            for n in range(20)
        )
    )
    assert statuses(answers) == {201: 1, 400: 19}
    [winner] = [n for n, answer in enumerate(answers) if answer.status_code == 201]
    assert street.password_login(email, f"a new password {winner}") == 200
    assert street.count_sessions(email) == 2


@pytest.mark.asvs("15.4.2")
def test_a_confirmation_beside_a_registration_shares_no_account(street):
    for turn in range(ROUNDS):
        email = f"beside{turn}@example.org"
        body = {"token": street.link_to_register(email), "password": "by the link of a mail"}
        confirmed, *registered = at_once(
            lambda body=body: street.post("register/confirm", body),
            *[lambda email=email: street.register(email)] * 5,
        )
        by_link = confirmed.status_code == 201
        assert by_link or confirmed.json()["error_code"] == "invalid_link"
        assert statuses(registered) == ({409: 5} if by_link else {201: 1, 409: 4})
        assert street.password_login(email, "by the link of a mail") == (200 if by_link else 401)
        assert street.exists(email)


@turns
@pytest.mark.asvs("6.5.1", "15.4.2")
def test_of_twenty_who_move_to_one_address_one_has_it(street, turn):
    """Four users, each with a link of their own, which each uses five times."""
    wanted = f"wanted{turn}@example.org"
    movers = {}
    for n in range(4):
        token = street.new_user(f"mover{turn}{n}@example.org")
        street.post("email/change", {"email": wanted}, token)
        movers[token] = street.token(wanted, "/email/change")
    assert len(set(movers.values())) == 4
    answers = at_once(
        *(
            lambda token=token, link=link: street.post("email/change/confirm", {"token": link}, token)
            for token, link in list(movers.items()) * 5
        )
    )
    assert statuses(answers)[204] == 1
    assert {answer.status_code for answer in answers} <= {204, 400, 409}
    assert street.exists(wanted)


@turns
@pytest.mark.asvs("15.4.2")
def test_an_address_that_is_given_up_is_got_by_nobody_who_waits_for_it(street, turn):
    old, new = f"old{turn}@example.org", f"new{turn}@example.org"
    token = street.new_user(old)
    street.post("email/change", {"email": new}, token)
    link = street.token(new, "/email/change")
    moved, *waiting = at_once(
        lambda: street.post("email/change/confirm", {"token": link}, token), *[lambda: street.register(old)] * 19
    )
    assert moved.status_code == 204
    assert statuses(waiting) == {409: 19}
    assert not street.exists(old)
    assert street.post("secure", {"token": street.token(old, "/secure")}).status_code == 204
    assert street.exists(old)


@turns
@pytest.mark.asvs("6.5.1", "15.4.2", "7.4.3")
def test_whatever_a_thief_does_beside_it_the_owner_has_the_account(street, turn):
    """Ten who take it back with one link, while the thief moves it, changes its password, and logs in."""
    mine, his = f"owner{turn}@example.org", f"thief{turn}@example.org"
    street.new_user(mine)
    body = {"email": mine, "password": PASSWORD}
    stolen = street.call("POST", "/api/auth/login", body, headers={"User-Agent": "curl/8.0"}).json()["token"]
    warning = street.token(mine, "/secure")
    street.post("email/change", {"email": his}, stolen)
    link = street.token(his, "/email/change")
    new = {"current_password": PASSWORD, "new_password": "the password of a thief"}
    answers = at_once(
        *[lambda: street.post("secure", {"token": warning})] * 10,
        *[lambda: street.post("email/change/confirm", {"token": link}, stolen)] * 3,
        *[lambda: street.post("password", new, stolen)] * 2,
        *[lambda: street.login(mine)] * 3,
        *[lambda: street.post("email/change", {"email": his}, stolen)] * 2,
    )
    assert statuses(answers[:10]) == {204: 1, 400: 9}
    opened = [answer.json()["token"] for answer in answers[13:18] if answer.status_code == 200]
    assert {street.session(token).status_code for token in [stolen, *opened]} == {401}
    assert not street.exists(his)
    [(password, verified)] = street.columns(mine)
    assert password.startswith("!")
    assert verified
    assert street.count_sessions(mine) == 0
    reset = {"token": street.token(mine, "/password/reset"), "new_password": "chosen by the owner"}
    assert street.post("password/reset/confirm", reset).status_code == 204
    assert street.password_login(mine, "chosen by the owner") == 200


@turns
@pytest.mark.asvs("15.4.2")
def test_however_many_ask_at_once_the_last_link_is_the_one_that_is_good(street, turn):
    email = f"asks{turn}@example.org"
    token = street.register(email).json()["token"]
    asks = [lambda: street.post("password/reset", {"email": email})] * 10
    answers = at_once(*asks, *[lambda: street.post("email/verify/resend", token=token)] * 10)
    assert statuses(answers) == {202: 20}
    deadline = time.monotonic() + 10
    while street.sql("SELECT 1 FROM accounts_mail_queuedmail LIMIT 1") and time.monotonic() < deadline:
        time.sleep(0.02)  # for another process, not for time to pass
    query = """
        SELECT purpose, count(*) FROM accounts_mail_link l JOIN accounts_user u ON u.id = user_id
        WHERE u.email = %s AND used_at IS NULL GROUP BY purpose ORDER BY purpose
    """
    assert street.sql(query, email) == [("reset", 1), ("verify", 1)]
