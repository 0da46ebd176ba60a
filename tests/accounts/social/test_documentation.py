import re

import pytest

from accounts.models import User
from accounts.social.signin import LANDING_CODES

from ...server import ROOT


def test_documentation_has_a_sentence_for_each_code_of_the_error_page():
    page = (ROOT / "docs" / "google.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|.+“", page, re.MULTILINE)) == LANDING_CODES


# docs/access-rules.md


def rows_about_providers():
    """What happens, and what it does to the session here."""
    below = (ROOT / "docs" / "access-rules.md").read_text().partition("### Sessions of a provider")[2]
    rows = [line.split("|")[1:3] for line in below.splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in row) for row in rows[2:]]


def unlinks(api, forger, token, clock):
    User.objects.all().store_hash("argon2$x")  # another way to log in
    (connection,) = api.call("GET", "/api/auth/connections", token=token).json()
    assert api.call("DELETE", f"/api/auth/connections/{connection['id']}", token=token).status_code == 204


HAPPENS = {
    "the user logs out at the provider": lambda api, forger, token, clock: forger.server.shutdown(),  # we cannot ask
    "the ID token expires": lambda api, forger, token, clock: clock.shift(24 * 3600),
    "the user unlinks the provider": unlinks,
    "the user logs out here": lambda api, forger, token, clock: api.call("POST", "/api/auth/logout", token=token),
    "the user is disabled here": lambda api, forger, token, clock: User.objects.update(is_active=False),
}


@pytest.mark.asvs("7.1.3")
def test_access_page_lists_what_ends_a_session_of_a_provider():
    assert {what for what, _ in rows_about_providers()} == HAPPENS.keys()


@pytest.mark.asvs("7.1.3", "7.6.1")
@pytest.mark.parametrize(("what", "outcome"), rows_about_providers())
def test_session_of_a_provider_ends_as_the_access_page_says(api, forger, visitor, clock, what, outcome):
    token = visitor.land(forger.consent(visitor.start())).told["session"]
    asked = len(forger.asked)
    HAPPENS[what](api, forger, token, clock)
    assert api.is_live(token) is outcome.startswith("stays")
    assert len(forger.asked) == asked


@pytest.mark.asvs("6.8.4")
@pytest.mark.parametrize(
    "strength",
    [{}, {"acr": "phr", "amr": ["hwk", "mfa"]}, {"acr": "0", "amr": ["pwd"], "auth_time": 1}, {"amr": "odd", "acr": 7}],
)
def test_sign_in_counts_as_one_factor_whatever_the_provider_says_of_its_strength(api, forger, visitor, strength):
    page = " ".join((ROOT / "docs" / "access-rules.md").read_text().split())
    assert "counts as one factor, and as a recent login, whatever its `acr`, `amr` and `auth_time` say" in page
    landing = visitor.land(forger.consent(visitor.start(), **strength))
    session = api.check_session(landing.told["session"]).json()
    plain = api.check_session(visitor.land(forger.consent(visitor.start())).told["session"]).json()
    varying = {"handle", "created_at", "last_seen_at", "authenticated_at", "expires_at", "expires_in"}
    without = lambda told: {name: value for name, value in told.items() if name not in varying}  # noqa: E731
    assert without(session) == without(plain)
    assert api.call("GET", "/api/users/me/export", token=landing.told["session"]).status_code == 200  # a recent login
