import json

from openapi_client import (
    AccountApi,
    ApiClient,
    ApiException,
    Configuration,
    Login,
    LoginApi,
    Reauthenticate,
    Register,
    RegistrationApi,
    SessionsApi,
)
from walk import BASE, walk


def api(kind, token=None):
    return kind(ApiClient(Configuration(host=BASE, access_token=token)))


def answer(call, *arguments):
    try:
        response = call(*arguments)
    except ApiException as refused:
        return refused.status, json.loads(refused.body)
    data = response.data
    body = [item.to_dict() for item in data] if isinstance(data, list) else data and data.to_dict()
    return response.status_code, body


class Generated:
    def register(self, email, password):
        body = Register.model_construct(email=email, password=password)  # its own checks would refuse before the call
        return answer(api(RegistrationApi).register_with_http_info, body)

    def login(self, email, password):
        return answer(api(LoginApi).login_with_http_info, Login(email=email, password=password))

    def reauthenticate(self, token, password):
        return answer(api(LoginApi, token).reauthenticate_with_http_info, Reauthenticate(password=password))

    def get_session(self, token):
        return answer(api(SessionsApi, token).get_session_with_http_info)

    def list_sessions(self, token):
        return answer(api(SessionsApi, token).list_sessions_with_http_info)

    def list_events(self, token):
        return answer(api(AccountApi, token).list_events_with_http_info)

    def logout(self, token):
        return answer(api(SessionsApi, token).logout_with_http_info)


walk(Generated())
