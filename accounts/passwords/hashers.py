"""How passwords are stored, and that no more are hashed at once than the machine can."""

from typing import Any

from django.conf import settings
from django.contrib.auth import hashers

from .hash_pool import hash_pool


class Bounded:
    """Hashes behind the hash_pool. Raises ServerBusy."""

    def encode(self, *values: Any, **more: Any) -> str:
        return hash_pool.run(lambda: super(Bounded, self).encode(*values, **more))  # type: ignore[misc]

    def verify(self, *values: Any, **more: Any) -> bool:
        return hash_pool.run(lambda: super(Bounded, self).verify(*values, **more))  # type: ignore[misc]


class Argon2id(Bounded, hashers.Argon2PasswordHasher):
    """Argon2id, by default with the second recommended choice of RFC 9106: 64 MiB, 3 passes, 4 lanes."""

    @property
    def time_cost(self) -> int:  # type: ignore[override]
        return settings.ARGON2_TIME_COST

    @property
    def memory_cost(self) -> int:  # type: ignore[override]
        return settings.ARGON2_MEMORY_COST

    @property
    def parallelism(self) -> int:  # type: ignore[override]
        return settings.ARGON2_PARALLELISM


class PBKDF2(Bounded, hashers.PBKDF2PasswordHasher):
    pass


class PBKDF2SHA1(Bounded, hashers.PBKDF2SHA1PasswordHasher):
    pass


class Scrypt(Bounded, hashers.ScryptPasswordHasher):
    pass
