from django.core.management import call_command

from accounts.single_use.models import ConsumedToken, SessionExchangeCode, s256


def test_what_sign_ins_leave_behind_is_purged_with_the_sessions(browser, clock):
    browser.sign_in("dave", start={"code_challenge": s256("x" * 43)})
    call_command("purge_sessions")
    assert (ConsumedToken.objects.count(), SessionExchangeCode.objects.count()) == (1, 1)
    clock.shift(2 * 3600)
    call_command("purge_sessions", "--dry-run")
    assert (ConsumedToken.objects.count(), SessionExchangeCode.objects.count()) == (1, 1)
    call_command("purge_sessions")
    assert (ConsumedToken.objects.count(), SessionExchangeCode.objects.count()) == (0, 0)


def test_the_admin_shows_who_is_linked_and_no_more(browser, client, root):
    browser.sign_in("dave")
    client.force_login(root)
    page = client.get("/admin/accounts_social/identity/")
    assert page.status_code == 200
    assert "dave@gmail.com" in page.content.decode()
    assert client.get("/admin/accounts_social/identity/?q=dave@").status_code == 200
    assert client.get("/admin/accounts_social/spent/").status_code == 404
