import uuid

from sqlalchemy.orm import joinedload

from app.core.repository import SQLAlchemyRepository
from app.user.auth.models import Session


class SessionRepository(SQLAlchemyRepository[Session]):
    model = Session

    def get_with_user(self, session_id: str) -> Session | None:
        return self.session.query(Session).options(joinedload(Session.user)).filter(Session.id == session_id).first()

    def list_of_user(self, user_id: uuid.UUID) -> list[Session]:  # completed
        return self.session.query(Session).filter(Session.user_id == user_id).order_by(Session.created_at.desc()).all()
