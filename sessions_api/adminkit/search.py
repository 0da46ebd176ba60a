"""The search boxes of lists whose rows belong to a user and a session."""

from contextlib import suppress
from ipaddress import ip_address
from uuid import UUID

from django.db.models import Q

SEARCH_HELP = "The beginning of an email address, or exactly: an IP address, a session id, a user id."


def search_filter(term: str, session_id: str = "pk") -> Q:
    """The rows that an administrator looks for with this term; all rows for an empty one.

    `session_id` names the field that holds the id of the session. In the table of sessions an index answers each of
    these searches but the one for an IP address.
    """
    with suppress(ValueError):
        return Q((session_id, UUID(term))) | Q(user=UUID(term))
    with suppress(ValueError):
        return Q(ip_address=str(ip_address(term)))
    return Q(user__email__startswith=term) if term else Q()
