import re

from accounts.social.signin import LANDING_CODES

from ...server import ROOT


def test_documentation_has_a_sentence_for_each_code_of_the_error_page():
    page = (ROOT / "docs" / "google.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|.+“", page, re.MULTILINE)) == LANDING_CODES
