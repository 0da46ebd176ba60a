"""The published pattern “FastAPI Session-Based Authentication”, written
out as it stands there. What it leaves to its reader is marked “completed”.

This is, with the least that does it: one database session for each request, closed at its end.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_injector import InjectorMiddleware, RequestScopeOptions, attach_injector, request_scope
from injector import Injector
from sqlalchemy.orm import Session

from app.core.database import new_session
from app.core.exceptions import HTTPExceptionMixin, answer
from app.routers import router


def database_session() -> Session:
    return new_session()


injector = Injector()
injector.binder.bind(Session, to=database_session, scope=request_scope)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Injector]]:
    yield {"injector": injector}  # what `request.state.injector` is


app = FastAPI(lifespan=lifespan)
attach_injector(app, injector, RequestScopeOptions(enable_cleanup=True))
app.add_middleware(InjectorMiddleware, injector=injector)
app.add_exception_handler(HTTPExceptionMixin, answer)
app.include_router(router)
