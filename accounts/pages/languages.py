"""Which languages the pages have: English, and each with a catalog, ours or the operator's."""

from functools import cache
from gettext import GNUTranslations
from pathlib import Path

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.utils.translation.trans_real import parse_accept_lang_header

SOURCE = "en"
OURS = Path(__file__).with_name("locale")
A_SENTENCE = "This page needs JavaScript. Please switch it on in your browser."  # of base.html


@cache
def languages() -> dict[str, str]:
    """The name of each language in that language, by its code."""
    roots = [OURS, *map(Path, settings.LOCALE_PATHS)]
    catalogs = [catalog for root in roots for catalog in root.glob("*/LC_MESSAGES/django.mo") if has_pages(catalog)]
    codes = sorted({SOURCE, *(catalog.parts[-3].lower().replace("_", "-") for catalog in catalogs)})
    return {code: LANG_INFO.get(code, {}).get("name_local", code) for code in codes}


def has_pages(catalog: Path) -> bool:
    """Whether this is a translation of the pages. The operator's may be one of the mails only."""
    with catalog.open("rb") as file:
        return GNUTranslations(file).gettext(A_SENTENCE) != A_SENTENCE


def best_language(*, chosen: str, accepted: str) -> str:
    """The chosen one, or the first of Accept-Language (RFC 9110, 12.5.4) that the pages have, or English."""
    for code in (chosen, *(code for code, _quality in parse_accept_lang_header(accepted))):
        for known in (code, code.partition("-")[0]):
            if known in languages():
                return known
    return SOURCE
