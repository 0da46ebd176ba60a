"""Where users find the pages that mails and sign-ins lead to."""

from django.conf import settings


def pages_url() -> str:
    """The base URL of the pages for users: of this service, or else of the front end."""
    return settings.PUBLIC_URL if settings.PAGES else settings.FRONTEND_URL
