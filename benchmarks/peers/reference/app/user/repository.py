"""Completed."""

from app.core.repository import SQLAlchemyRepository
from app.user.models import User


class UserRepository(SQLAlchemyRepository[User]):
    model = User

    def get_by_email(self, email: str) -> User | None:
        return self.get_by_field("email", email)
