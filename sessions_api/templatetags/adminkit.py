"""Filters for the templates of admin pages, of any app."""

from django import template

from sessions_api.adminkit.columns import minute
from sessions_api.adminkit.large_tables import AtLeast

register = template.Library()
register.filter("minute", minute)


@register.filter
def thousands(count: int) -> str:
    """`1,234,567`, or `1,000,000+` where the count stopped early."""
    return str(count) if isinstance(count, AtLeast) else f"{count:,}"
