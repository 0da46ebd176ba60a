"""Completed."""

from fastapi import Request
from fastapi.responses import JSONResponse


class HTTPExceptionMixin(Exception):
    status_code = 500
    detail = "Internal server error"
    error_code = "internal_server_error"


def answer(request: Request, error: HTTPExceptionMixin) -> JSONResponse:
    return JSONResponse({"detail": error.detail, "error_code": error.error_code}, status_code=error.status_code)
