"""Completed: who am I, and what have I open."""

from fastapi import APIRouter, Depends
from fastapi_injector import Injected

from app.core.permissions.auth import AuthenticatedUser
from app.user.auth.repository import SessionRepository
from app.user.auth.schemas import SessionResponse
from app.user.schemas import UserResponse

user_router = APIRouter()


@user_router.get("/me")
def me(user: UserResponse = Depends(AuthenticatedUser.get_user)) -> UserResponse:
    return user


@user_router.get("/me/sessions")
def sessions(
    user: UserResponse = Depends(AuthenticatedUser.get_user),
    session_repository: SessionRepository = Injected(SessionRepository),
) -> list[SessionResponse]:
    return [SessionResponse(id=s.id, expires_at=s.expires_at) for s in session_repository.list_of_user(user.id)]
