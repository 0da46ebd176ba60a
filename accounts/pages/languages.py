"""Which languages the pages have: English, and each with a catalog, ours or the operator's."""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.utils.translation.trans_real import parse_accept_lang_header

SOURCE = "en"
OURS = Path(__file__).with_name("locale")


@cache
def languages() -> dict[str, str]:
    """The name of each language in that language, by its code."""
    roots = [root for root in (OURS, *map(Path, settings.LOCALE_PATHS)) if root.is_dir()]
    codes = sorted({SOURCE, *(folder.name.lower().replace("_", "-") for root in roots for folder in root.iterdir())})
    return {code: LANG_INFO.get(code, {}).get("name_local", code) for code in codes}


def best_language(*, chosen: str, accepted: str) -> str:
    """The chosen one, or the first of Accept-Language (RFC 9110, 12.5.4) that the pages have, or English."""
    for code in (chosen, *(code for code, _quality in parse_accept_lang_header(accepted))):
        for known in (code, code.partition("-")[0]):
            if known in languages():
                return known
    return SOURCE
