from fastapi import APIRouter, Depends

from app.core.permissions.auth import AuthenticatedUser
from app.user.auth.routers import auth_router
from app.user.routers import user_router

router = APIRouter()

# Protected routes
router.include_router(user_router, prefix="/users", dependencies=[Depends(AuthenticatedUser.current_user_id)])

# Public routes
router.include_router(auth_router, prefix="/auth")
