"""Documents of other services that all threads share. One thread at a time fetches a document."""

from collections import defaultdict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from django.utils import timezone

RETRY = timedelta(minutes=1)  # an outage delays one caller a minute; the old document serves all others

T = TypeVar("T")


class Document(NamedTuple, Generic[T]):
    content: T
    fetched_at: datetime


class SharedDocuments(Generic[T]):
    """Keeps each document for `keep`. A thread that needs one which another thread fetches waits up to `wait` seconds.

    A document that cannot be fetched again stays in use, and is tried again after RETRY.
    """

    def __init__(self, *, keep: timedelta, wait: float) -> None:
        self.keep, self.wait = keep, wait
        self.documents: dict[Hashable, Document[T]] = {}
        self.locks: defaultdict[Hashable, Lock] = defaultdict(Lock)

    def fresh(self, name: Hashable) -> T | None:
        """The document, if it was fetched within `keep`."""
        known = self.documents.get(name)
        # A clock that was set back must not prolong this, so a document of the future is not fresh.
        if known and timedelta(0) <= timezone.now() - known.fetched_at < self.keep:
            return known.content
        return None

    def get(self, name: Hashable, fetch: Callable[[], T]) -> T:
        """The document; an old one while another thread fetches it, or where `fetch` fails.

        Without an old one, raises what `fetch` raises, and TimeoutError after `wait` seconds.
        """
        if (content := self.fresh(name)) is not None:
            return content
        known = self.documents.get(name)
        try:
            return self._fetch(name, fetch, wait=0 if known else self.wait)
        except Exception as failure:
            if known is None:
                raise
            if not isinstance(failure, TimeoutError):  # otherwise another thread fetches it
                self.documents[name] = Document(known.content, timezone.now() - self.keep + RETRY)
            return known.content

    def refresh(self, name: Hashable, fetch: Callable[[], T]) -> T:
        """The document, fetched since this call began. Where that fails, raises as `get`, and keeps the old one."""
        return self._fetch(name, fetch, wait=self.wait)

    def _fetch(self, name: Hashable, fetch: Callable[[], T], *, wait: float) -> T:
        before = self.documents.get(name)
        if not self.locks[name].acquire(timeout=wait):
            raise TimeoutError
        try:
            known = self.documents.get(name)
            if known is None or known is before:
                known = self.documents[name] = Document(fetch(), timezone.now())
            return known.content
        finally:
            self.locks[name].release()
