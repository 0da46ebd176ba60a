from ninja import Router, Status

from .auth import SessionRequest

router = Router(tags=["sessions"])


@router.post("/auth/logout", response={204: None}, summary="Log out")
def logout(request: SessionRequest) -> Status[None]:
    """End the session whose token was sent. Whatever else the person has open stays open."""
    request.auth.delete()
    return Status(204, None)
