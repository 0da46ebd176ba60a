"""Completed.

A request keeps its connection until it has been answered, and waits for a thread three times meanwhile. Where there
are more requests than connections, the threads are soon all taken by requests that wait for a connection, while
those that have one wait for a thread: with SQLAlchemy's default pool, or one as large as Starlette's 40 threads, 200
clients bring it to a stand. So there is a connection for each of them, and for those that have just left.
"""

from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, sessionmaker

from app.core.config import settings

CLIENTS = 2 * 200

engine = create_engine(
    settings.DATABASE_URL.replace("postgres:", "postgresql+psycopg:"), pool_size=CLIENTS, max_overflow=0
)
new_session = sessionmaker(engine, autoflush=False, expire_on_commit=False)


class Base(DeclarativeBase):
    pass
