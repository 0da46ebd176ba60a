"""How passwords are stored. Every hasher computes its hashes in the pool.

A password is wrong only where its hash is another one. A hasher that gets no memory or no thread raises ServerBusy, and
one that cannot read the stored hash raises ValueError: see `User.check_password`.
"""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import argon2
from argon2.exceptions import Argon2Error, VerificationError, VerifyMismatchError
from argon2.low_level import error_to_str
from django.conf import settings
from django.contrib.auth import hashers

from accounts.hash_pool import hash_pool
from sessions_api.http.errors import ServerBusy

# What a hasher raises without memory or threads. Argon2Error is one of the library itself.
FAILURES = (Argon2Error, MemoryError, RuntimeError, OSError)
MEMORY_ALLOCATION_ERROR, THREAD_FAIL, VERIFY_MISMATCH = 22, 33, 35  # of argon2.h, where all of them are negative
# The library's other errors are about the stored hash, such as a salt that is too short. The exception has their texts.
UNREADABLE = {
    error_to_str(-code) for code in range(1, VERIFY_MISMATCH) if code not in {MEMORY_ALLOCATION_ERROR, THREAD_FAIL}
}
SCRYPT_MEMORY = 256 * 1024**2  # bytes: N = 2**17 with blocks of 8, the strongest of OWASP's choices, needs half of it

T = TypeVar("T")

logger = logging.getLogger(__name__)


def in_pool(work: Callable[[], T]) -> T:
    """The result of `work`, computed in the pool.

    Raises ServerBusy where there is no room, or where the hasher gets no memory or no thread; or ValueError.
    """
    try:
        return hash_pool.run(work)
    except FAILURES as failure:
        logger.error("A password cannot be hashed: %s: %s", type(failure).__name__, failure)
        raise ServerBusy from None


class Pooled:
    """A hasher whose hashes are computed in `hash_pool`. Raises ServerBusy, or ValueError for an unreadable hash."""

    def encode(self, *values: Any, **more: Any) -> str:
        return in_pool(lambda: super(Pooled, self).encode(*values, **more))  # type: ignore[misc]

    def verify(self, *values: Any, **more: Any) -> bool:
        return in_pool(lambda: super(Pooled, self).verify(*values, **more))  # type: ignore[misc]


class ExactArgon2(hashers.Argon2PasswordHasher):
    """Django's hasher calls a password wrong whatever failed. This one calls it wrong after a mismatch only."""

    def verify(self, password: str, encoded: str) -> bool:
        try:
            return bool(argon2.PasswordHasher().verify(encoded.removeprefix("argon2"), password))
        except VerifyMismatchError:
            return False
        except VerificationError as failure:
            if str(failure) in UNREADABLE:
                raise ValueError(str(failure)) from None
            raise


class Argon2id(Pooled, ExactArgon2):
    """Argon2id. Its default is the second recommended choice of RFC 9106, section 4: 64 MiB, 3 passes, 4 lanes."""

    time_cost = settings.ARGON2_TIME_COST
    memory_cost = settings.ARGON2_MEMORY_COST
    parallelism = settings.ARGON2_PARALLELISM


# For hashes from another system, which are upgraded to Argon2id at the user's next login.


class PBKDF2(Pooled, hashers.PBKDF2PasswordHasher):
    pass


class PBKDF2SHA1(Pooled, hashers.PBKDF2SHA1PasswordHasher):
    pass


class BoundedScrypt(hashers.ScryptPasswordHasher):
    """With more memory than the 32 MiB that OpenSSL allows by default. Hashes that need still more are unreadable."""

    maxmem = SCRYPT_MEMORY

    def encode(self, *values: Any, **more: Any) -> str:
        try:
            return super().encode(*values, **more)
        except ValueError as failure:
            if "malloc failure" in str(failure):  # OpenSSL's words; any other one is about the parameters
                raise MemoryError(str(failure)) from None
            raise


class Scrypt(Pooled, BoundedScrypt):
    pass
