from django.core.management import call_command

from accounts.login.models import SessionExchangeCode, s256
from accounts.single_use.models import ConsumedToken


def test_purge_sessions_deletes_consumed_tokens_and_exchange_codes(browser, clock):
    browser.sign_in("dave", start={"code_challenge": s256("x" * 43)})
    call_command("purge_sessions")
    assert (ConsumedToken.objects.count(), SessionExchangeCode.objects.count()) == (1, 1)
    clock.shift(2 * 3600)
    call_command("purge_sessions", "--dry-run")
    assert (ConsumedToken.objects.count(), SessionExchangeCode.objects.count()) == (1, 1)
    call_command("purge_sessions")
    assert (ConsumedToken.objects.count(), SessionExchangeCode.objects.count()) == (0, 0)
