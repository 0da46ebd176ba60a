"""Plain Django views."""

import asyncio

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from sessions_api.auth import SessionRequest, fresh_session_required, session_required
from sessions_api.http.errors import ApiError


@session_required
def export(request: SessionRequest) -> HttpResponse:
    return JsonResponse({"owner": request.user.email, "logged_in_by": request.auth.method})


@session_required
async def digest(request: SessionRequest) -> HttpResponse:
    await asyncio.sleep(0)  # a slow call to another service
    return JsonResponse({"owner": request.user.email, "logged_in_by": request.auth.method})


@require_POST
@fresh_session_required
def key(request: SessionRequest) -> HttpResponse:
    return JsonResponse({"key": "for an export of all notes"})


class AddressUnverified(ApiError):
    status, error_code = 403, "address_unverified"
    detail = "Verify your email address before you publish."


@session_required
def publish(request: SessionRequest) -> HttpResponse:
    if not request.user.email_verified:
        raise AddressUnverified
    return HttpResponse(status=204)
