"""Converters for parts of paths, beside Django's own."""

from django.urls import register_converter
from django.urls.converters import UUIDConverter


class AnyCaseUUID(UUIDConverter):
    """A UUID in lower or upper case (RFC 9562, 4): iOS writes it in capitals. Use it as `{any_case_uuid:handle}`."""

    regex = f"(?i:{UUIDConverter.regex})"


register_converter(AnyCaseUUID, "any_case_uuid")
