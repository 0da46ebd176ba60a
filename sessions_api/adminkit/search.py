"""What the search boxes of the admin understand."""

from contextlib import suppress
from ipaddress import ip_address
from uuid import UUID

from django.db.models import Q


def search_filter(term: str, handle: str = "pk") -> Q:
    """What somebody means who types this into the search box; `handle` is the field with that of a session.

    Of sessions each is a look-up in an index, but the IP address.
    """
    with suppress(ValueError):
        return Q((handle, UUID(term))) | Q(user=UUID(term))
    with suppress(ValueError):
        return Q(ip_address=str(ip_address(term)))
    return Q(user__email__startswith=term.lower()) if term else Q()
