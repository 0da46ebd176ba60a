"""Completed."""

from typing import Any, Generic, TypeVar

from injector import Inject
from sqlalchemy.orm import Session

Model = TypeVar("Model")


class SQLAlchemyRepository(Generic[Model]):
    model: type[Model]

    def __init__(self, session: Inject[Session]):
        self.session = session

    def get_by_field(self, field: str, value: Any) -> Model | None:
        return self.session.query(self.model).filter(getattr(self.model, field) == value).first()

    def save(self, instance: Model) -> Model:
        self.session.add(instance)
        self.session.commit()
        return instance
