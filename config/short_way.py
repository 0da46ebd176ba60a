"""The short way: the two questions that products ask with every request, answered before Django's handler.

Only a plain yes is answered here: a valid session. All else takes the whole way, and only the whole way refuses. Both
ways find the session, make the body and write the log line by the same functions. The headers are those of the last
such answer of the whole way, so its middlewares alone decide them. Signals and middlewares do not run on the short way:
SHORT_WAY=off turns it off for a deployment that adds its own.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from time import perf_counter
from typing import Any, NamedTuple

from accounts.whoami import session_as_json, user_as_json
from config.middleware import log_access
from config.request_id import id_for, request_id
from sessions_api.auth import ASKED
from sessions_api.http.client import ClientInfo
from sessions_api.models import Session
from sessions_api.tokens import looks_like_token

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Start = Callable[..., Any]
Handler = Callable[[Environ, Start], Iterable[bytes]]


class Question(NamedTuple):
    answer: Callable[[Session], bytes]
    is_use: bool  # whether to ask it counts as use of the session


QUESTIONS = {
    "/api/auth/session": Question(session_as_json, is_use=False),
    "/api/users/me": Question(user_as_json, is_use=True),
}
# What the middlewares read to decide about the headers of an answer.
SHAPE = (
    "PATH_INFO",
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "wsgi.url_scheme",
    "HTTP_HOST",
    "HTTP_ORIGIN",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
)
# Remembered: clients may send any Host that ALLOWED_HOSTS covers, and any Origin. A name has at most 253 characters.
SHAPES, LONGEST = 500, 300


class ShortWay:
    """A WSGI application around Django's handler."""

    def __init__(self, whole_way: Handler) -> None:
        self.whole_way = whole_way
        self.headers: dict[tuple[str | None, ...], Headers] = {}  # of the last answer to a request of this shape

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        question = QUESTIONS.get(environ["PATH_INFO"])
        if question is None or not is_plain(environ):
            return self.whole_way(environ, start_response)
        shape = tuple(map(environ.get, SHAPE))
        headers = self.headers.get(shape)
        if headers is None:
            return self.whole_way(environ, self.remembering(shape, start_response))
        return self.answer(question, environ, start_response, headers) or self.whole_way(environ, start_response)

    def answer(
        self, question: Question, environ: Environ, start_response: Start, headers: Headers
    ) -> Iterable[bytes] | None:
        """None unless the answer is a plain yes. Then the whole way learns what the look-up has found."""
        started = perf_counter()
        its_id = id_for(environ)
        before = request_id.set(its_id)
        try:
            found = ask(question, environ)
            if found is None:
                return None
            session, body = found
            own = {"Content-Length": str(len(body)), "X-Request-ID": its_id}
            start_response("200 OK", [(name, own.get(name, value)) for name, value in headers])
            client = ClientInfo.from_environ(environ)
            log_access(environ["REQUEST_METHOD"], environ["PATH_INFO"], 200, started, client, session)
        finally:
            request_id.reset(before)
        return [body]  # which the server leaves out for HEAD

    def remembering(self, shape: tuple[str | None, ...], start_response: Start) -> Start:
        def start(status: str, headers: Headers, *more: Any) -> Any:
            if status == "200 OK" and all(len(value or "") <= LONGEST for value in shape):
                if len(self.headers) >= SHAPES:
                    self.headers.clear()
                self.headers[shape] = headers
            return start_response(status, headers, *more)

        return start


def is_plain(environ: Environ) -> bool:
    """Whether this request has a token, and nothing else to read or to refuse."""
    return (
        environ["REQUEST_METHOD"] in {"GET", "HEAD"}
        and environ.get("HTTP_AUTHORIZATION", "").startswith("Bearer ")
        and looks_like_token(environ["HTTP_AUTHORIZATION"][7:])
        and not environ.get("QUERY_STRING")
        and not environ.get("CONTENT_LENGTH")
        and "HTTP_TRANSFER_ENCODING" not in environ
    )


def ask(question: Question, environ: Environ) -> tuple[Session, bytes] | None:
    """The valid session and the answer. If there is none, or anything fails, the whole way does not ask again."""
    try:
        session = Session.objects.authenticate(environ["HTTP_AUTHORIZATION"][7:])
        if session:
            if question.is_use:
                session.touch()
            return session, question.answer(session)
        environ[ASKED] = no_session = Future[Session | None]()
        no_session.set_result(None)
    except Exception as failure:  # the whole way meets it, and knows what to say
        environ[ASKED] = failed = Future[Session | None]()
        failed.set_exception(failure)
    return None
