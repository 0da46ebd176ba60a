from generated.api import AuthenticatedClient, Client
from generated.api.api.account import list_events
from generated.api.api.login import login, reauthenticate
from generated.api.api.registration import register
from generated.api.api.sessions import get_session, list_sessions, logout
from generated.api.models import Login, Reauthenticate, Register
from walk import BASE, walk


def answer(response):
    parsed = response.parsed
    body = [item.to_dict() for item in parsed] if isinstance(parsed, list) else parsed and parsed.to_dict()
    return response.status_code, body


def anyone():
    return Client(base_url=BASE)


def as_user(token):
    return AuthenticatedClient(base_url=BASE, token=token)


class Generated:
    def register(self, email, password):
        return answer(register.sync_detailed(client=anyone(), body=Register(email=email, password=password)))

    def login(self, email, password):
        return answer(login.sync_detailed(client=anyone(), body=Login(email=email, password=password)))

    def reauthenticate(self, token, password):
        return answer(reauthenticate.sync_detailed(client=as_user(token), body=Reauthenticate(password=password)))

    def get_session(self, token):
        return answer(get_session.sync_detailed(client=as_user(token)))

    def list_sessions(self, token):
        return answer(list_sessions.sync_detailed(client=as_user(token)))

    def list_events(self, token):
        return answer(list_events.sync_detailed(client=as_user(token)))

    def logout(self, token):
        return answer(logout.sync_detailed(client=as_user(token)))


walk(Generated())
