"""Django's own sessions, which it signs: no SQL can write these."""

import os

import django
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402

store = SessionStore()


def session(user_id: int, password: str) -> str:
    return store.encode(
        {
            "_auth_user_id": str(user_id),
            "_auth_user_backend": "allauth.account.auth_backends.AuthenticationBackend",
            "_auth_user_hash": proofs.setdefault(password, User(password=password).get_session_auth_hash()),
        }
    )


proofs: dict[str, str] = {}
with psycopg.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
    rows = cursor.execute("SELECT user_id, left(body, 32), 'argon2' || hash FROM bench.sessions, bench.hash").fetchall()
    with cursor.copy("COPY django_session (session_key, session_data, expire_date) FROM STDIN") as copy:
        for user_id, key, password in rows:
            copy.write_row((key, session(user_id, password), "2100-01-01"))
