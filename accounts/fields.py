"""One spelling for every address: what we store, compare and send to."""

import re
import unicodedata
from typing import Any

import idna
from django.core.exceptions import ValidationError
from django.db import models

MAX_LENGTH = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")  # RFC 5322 dot-atom


def canonical_email(text: str) -> str:
    """The one form of this address: lower case ASCII, the domain as A-label (UTS 46).

    Two spellings of one mailbox come out equal, and two that only look alike never do: what NFKC does not
    make ASCII is refused in the local part and written in punycode in the domain.
    Raises Django's ValidationError for everything that is not a plain address with a public domain.
    """
    text = text.strip()
    if len(text) > 2 * MAX_LENGTH:  # what is only there to be ignored has its limits, and so has the work
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
        or len(local) > 64
        or not LOCAL_PART.fullmatch(local)
        or len(labels) < 2
        or labels[-1].isdigit()  # an IP address is no domain
        or not labels[-1]  # a dot at the end would be a second spelling
    ):
        raise ValidationError("Enter a plain e-mail address.", code="invalid_email")
    return address


class EmailAddressField(models.CharField):  # type: ignore[type-arg]
    """An address in its one canonical form, whatever way it comes: a form, a command, or an assignment.

    In a look-up any spelling finds the user, and what is no address finds nobody.
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
