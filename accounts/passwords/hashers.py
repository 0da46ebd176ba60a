"""How passwords are stored. Every hasher computes its hashes in the pool."""

from typing import Any

from django.conf import settings
from django.contrib.auth import hashers

from .hash_pool import hash_pool


class Pooled:
    """A hasher whose hashes are computed in `hash_pool`. Raises ServerBusy."""

    def encode(self, *values: Any, **more: Any) -> str:
        return hash_pool.run(lambda: super(Pooled, self).encode(*values, **more))  # type: ignore[misc]

    def verify(self, *values: Any, **more: Any) -> bool:
        return hash_pool.run(lambda: super(Pooled, self).verify(*values, **more))  # type: ignore[misc]


class Argon2id(Pooled, hashers.Argon2PasswordHasher):
    """Argon2id. Its default is the second recommended choice of RFC 9106, section 4: 64 MiB, 3 passes, 4 lanes."""

    @property
    def time_cost(self) -> int:  # type: ignore[override]
        return settings.ARGON2_TIME_COST

    @property
    def memory_cost(self) -> int:  # type: ignore[override]
        return settings.ARGON2_MEMORY_COST

    @property
    def parallelism(self) -> int:  # type: ignore[override]
        return settings.ARGON2_PARALLELISM


# For hashes from another system, which are upgraded to Argon2id at the user's next login.


class PBKDF2(Pooled, hashers.PBKDF2PasswordHasher):
    pass


class PBKDF2SHA1(Pooled, hashers.PBKDF2SHA1PasswordHasher):
    pass


class Scrypt(Pooled, hashers.ScryptPasswordHasher):
    pass
