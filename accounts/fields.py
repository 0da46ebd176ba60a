"""The canonical form of an email address, in which addresses are stored, compared and sent to."""

import re
import unicodedata
from contextlib import suppress
from typing import Any

import idna
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import lookups

MAX_LENGTH = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
LOCAL_MAX_LENGTH = 64  # RFC 5321, 4.5.3.1.1
LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")  # RFC 5322 dot-atom

# The controls of ISO/IEC 6429, the separators of lines and paragraphs, and Bidi_Control (Unicode, UAX #9, 2).
CONTROLS = r"\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
CONTROL = re.compile(f"[{CONTROLS}]")
LINE_BREAK = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
NAME_LENGTH = 255  # of the column


def canonical_email(text: str) -> str:
    """The canonical form of this address: lower-case ASCII, the domain as A-label (UTS 46), at most 254 characters.

    Different spellings of one mailbox become equal. Addresses that only look alike stay different: after NFKC the local
    part must be ASCII, and the domain is written in punycode.
    Raises Django's ValidationError for anything but a plain address with a public domain.
    """
    text = text.strip()
    if len(text) > 2 * MAX_LENGTH:  # bounds the work; real addresses hardly shrink in their canonical form
        text = ""
    local, _, domain = unicodedata.normalize("NFKC", text).lower().rpartition("@")
    try:
        domain = idna.encode(domain, uts46=True, std3_rules=True).decode()
    except idna.IDNAError:
        domain = ""
    address = f"{local}@{domain}"
    labels = domain.split(".")
    if (
        len(address) > MAX_LENGTH
        or len(local) > LOCAL_MAX_LENGTH
        or not LOCAL_PART.fullmatch(local)
        or len(labels) < 2
        or labels[-1].isdigit()  # an IP address is not a domain
        or not labels[-1]  # a dot at the end would be a second spelling
    ):
        raise ValidationError("Enter a plain email address.", code="invalid_email")
    return address


def canonical_part(text: str) -> str:
    """A part of an address as it stands in canonical forms, to search for it."""
    local, at, domain = unicodedata.normalize("NFKC", text).lower().rpartition("@")
    if not domain.isascii():
        with suppress(idna.IDNAError):
            domain = idna.encode(domain, uts46=True).decode()
    return f"{local}{at}{domain}"


def require_one_line(text: str) -> None:
    """Raises Django's ValidationError for line breaks, control characters, and those that reverse the text after them.

    Mails, lists and the admin show names, and such a character would change how the text around it reads.
    """
    if CONTROL.search(text):
        raise ValidationError("Line breaks and control characters are not allowed.", code="control_character")


def as_one_line(text: str) -> str:
    """The part of a text that `require_one_line` accepts, in at most NAME_LENGTH characters.

    For a name from elsewhere, which no user can correct. A lone surrogate fits into no database.
    """
    text = CONTROL.sub("", LINE_BREAK.sub(" ", text)).encode(errors="ignore").decode()
    return text.strip()[:NAME_LENGTH].rstrip()


class EmailAddressField(models.CharField):  # type: ignore[type-arg]
    """Stores addresses in their canonical form, however they are set: by a form, a command or an assignment.

    A look-up finds the row by any spelling. An invalid address matches no row; saving one raises ValidationError.
    """

    def to_python(self, value: Any) -> Any:
        return canonical_email(value) if isinstance(value, str) else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        address = self.to_python(getattr(model_instance, self.attname))
        setattr(model_instance, self.attname, address)
        return address

    def get_prep_value(self, value: Any) -> Any:
        try:
            return self.to_python(value)
        except ValidationError:
            return value


class CanonicalPart:
    """A search in addresses. The database's locale has no part in it: a Turkish one would look for `İNFO`."""

    def get_prep_lookup(self) -> Any:
        return canonical_part(str(self.rhs))  # type: ignore[attr-defined]


@EmailAddressField.register_lookup
class StartsWith(CanonicalPart, lookups.StartsWith):
    pass


@EmailAddressField.register_lookup
class Contains(CanonicalPart, lookups.Contains):
    pass
