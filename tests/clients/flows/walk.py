"""The walk that each generated Python client takes. It prints what the client saw, for the test to compare."""

import json
import os
from uuid import uuid4

BASE = os.environ["BASE"]


def walk(client):
    """Each call of `client` answers with the status, and a dict or list of the body."""
    email, password = f"{uuid4()}@example.org", "correct horse battery"

    registered = client.register(email, password)
    logged_in = client.login(email, password)
    renewed = client.reauthenticate(logged_in[1]["token"], password)
    token = renewed[1]["token"]
    session, sessions, events = client.get_session(token), client.list_sessions(token), client.list_events(token)
    invalid = client.register("no address", "short")
    attempts = [client.login(email, "a wrong password")]
    while attempts[-1][0] == 401:
        attempts.append(client.login(email, "a wrong password"))
    logged_out, ended = client.logout(token), client.get_session(token)

    seen = {
        "registered": [registered[0], "token" not in registered[1]],
        "logged_in": logged_in[0],
        "renewed": renewed[0],
        "session": [session[0], session[1]["current"], session[1]["user"]["email"] == email],
        "sessions": [sessions[0], len(sessions[1])],
        "events": [events[0], [event["tag"] for event in events[1]]],
        "invalid": [invalid[0], [".".join(error["loc"]) for error in invalid[1]["errors"]]],
        "wrong": [attempts[0][0], attempts[0][1]["error_code"]],
        "limited": [attempts[-1][0], attempts[-1][1]["error_code"]],
        "logged_out": logged_out[0],
        "ended": [ended[0], ended[1]["error_code"]],
    }
    print(json.dumps(seen))  # noqa: T201
