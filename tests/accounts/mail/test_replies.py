"""What becomes of a mail at each reply of a mail server: the texts of Postfix, Exchange, Gmail and Amazon SES.

The sources: Postfix: smtpd(8), postscreen(8), postconf(5) and the named READMEs. Exchange: "Email non-delivery reports
and SMTP errors in Exchange Online". Gmail: "Gmail SMTP errors and codes". SES: "SMTP response codes returned by Amazon
SES". Their texts are shortened; the codes are not.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.mail.queue import QueuedMail
from accounts.mail.worker import deliver_next

from ...smtp import Script, talker
from .conftest import the_mail

pytestmark = pytest.mark.once

GIVEN_UP = "the mailbox is wrong, so the mail ends at once"
LATER = "the server may take the mail later"
SENDER = "the operator must change something, and the mail waits for it"

# At which command, which reply, and what it means.
REPLIES = [
    # The mailbox
    ("rcpt", "550 5.1.1 <alice@example.org>: User unknown in virtual mailbox table", GIVEN_UP),  # Postfix
    ("rcpt", "550 5.1.1 <alice@example.org>: User unknown in local recipient table", GIVEN_UP),  # LOCAL_RECIPIENT
    ("rcpt", "556 5.1.10 <alice@example.org>: Domain example.org does not accept mail", GIVEN_UP),  # Postfix; RFC 7505
    ("rcpt", "501 5.1.3 Bad recipient address syntax", GIVEN_UP),  # Postfix, smtpd(8)
    ("rcpt", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by SMTP address lookup", GIVEN_UP),  # Exchange
    ("rcpt", "550-5.1.1 The email account\r\n550-5.1.1 does not exist.\r\n550 5.1.1 gsmtp", GIVEN_UP),  # Gmail
    ("rcpt", "550 5.2.1 The email account that you tried to reach is inactive.", GIVEN_UP),  # Gmail
    ("rcpt", "550 No such user here", GIVEN_UP),  # RFC 5321, D.1
    # Later: the mailbox
    ("rcpt", "450 4.2.0 <alice@example.org>: Greylisted, see help.example.org", LATER),  # Postfix, SMTPD_POLICY_README
    ("rcpt", "450 4.1.1 <alice@example.org>: unverified address", LATER),  # Postfix, ADDRESS_VERIFICATION_README
    ("rcpt", "450 5.1.1 <alice@example.org>: Try again", LATER),  # the first digit decides (RFC 5321, 4.2.1)
    ("rcpt", "452 4.2.2 The recipient's inbox is out of storage space.", LATER),  # Gmail
    ("rcpt", "552 5.2.2 The recipient's inbox is out of storage space and inactive.", LATER),  # Gmail
    ("rcpt", "450 4.2.1 The user is receiving email too quickly.", LATER),  # Gmail
    ("text", "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException", LATER),  # Exchange
    ("text", "554 5.2.0 STOREDRV.Deliver.Exception:StoragePermanentException", LATER),  # Exchange
    ("rcpt", "550 5.4.1 Recipient address rejected: Access denied.", LATER),  # Exchange: also a new domain
    ("rcpt", "550 5.5.0 Requested action not taken: mailbox unavailable", LATER),  # Outlook.com
    # Later: the server
    ("connect", "421 4.3.2 All server ports are busy", LATER),  # Postfix, postscreen(8)
    ("connect", "421 4.7.0 Try again later, closing connection.", LATER),  # Gmail
    ("connect", "421 Too many concurrent SMTP connections", LATER),  # SES
    ("connect", "", LATER),
    ("starttls", "454 4.7.0 TLS not available due to local problem", LATER),  # Postfix, smtpd(8); RFC 3207
    ("auth", "454 4.7.0 Temporary authentication failure", LATER),  # Postfix, SASL_README; SES
    ("auth", "454-4.7.0 Too many login attempts,\r\n454 4.7.0 please try again later.", LATER),  # Gmail
    ("mail", "452 4.3.1 Insufficient system storage", LATER),  # Postfix, queue_minfree
    ("mail", "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", LATER),  # Exchange, SMTP AUTH
    ("rcpt", "421 4.7.0 mail.example.org Error: too many errors", LATER),  # Postfix, smtpd_hard_error_limit
    ("rcpt", "452 4.5.3 Error: too many recipients", LATER),  # Postfix, smtpd_recipient_limit; Exchange
    ("rcpt", "451 4.7.500 Server busy. Please try again later.", LATER),  # Exchange
    ("data", "451 4.3.0 Temporary lookup failure", LATER),  # Postfix, smtpd(8)
    ("text", "451 4.3.0 Error: queue file write error", LATER),  # Postfix, smtpd(8)
    ("text", "454 Throttling failure: Maximum sending rate exceeded.", LATER),  # SES
    ("text", "454 Throttling failure: Daily message quota exceeded.", LATER),  # SES
    ("text", "550 5.4.5 Daily SMTP relay sending limit exceeded for this customer.", LATER),  # Gmail
    ("text", "", LATER),  # the connection breaks after the mail was sent
    # The sender
    ("connect", "554 5.7.1 Client host [192.0.2.9] blocked using zen.spamhaus.org", SENDER),  # Postfix
    ("auth", "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6", SENDER),  # Postfix, SASL_README
    ("auth", "535-5.7.8 Username and Password not accepted.\r\n535 5.7.8 gsmtp", SENDER),  # Gmail
    ("auth", "534-5.7.9 Application-specific password required.\r\n534 5.7.9 gsmtp", SENDER),  # Gmail
    ("auth", "535 5.7.3 Authentication unsuccessful", SENDER),  # Exchange
    ("auth", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled", SENDER),  # Exchange
    ("auth", "535 Authentication Credentials Invalid", SENDER),  # SES
    ("mail", "530 5.7.57 Client not authenticated to send mail", SENDER),  # Exchange
    ("mail", "530 5.7.0 Must issue a STARTTLS command first", SENDER),  # Postfix, TLS_README; Gmail
    ("mail", "530 Authentication required", SENDER),  # SES
    ("mail", "552 5.3.4 Message size exceeds fixed limit", SENDER),  # Postfix, message_size_limit
    ("rcpt", "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", SENDER),  # Postfix
    ("rcpt", "554 5.7.1 <alice@example.org>: Relay access denied", SENDER),  # Postfix, SMTPD_ACCESS_README
    ("rcpt", "554 5.7.1 Client host [192.0.2.9] blocked using zen.spamhaus.org", SENDER),  # Postfix
    ("rcpt", "554 5.1.8 <accounts@example.com>: Sender address rejected: Domain not found", SENDER),  # Postfix
    ("rcpt", "550 5.1.0 <accounts@example.com>: Sender address rejected: User unknown", SENDER),  # Postfix
    ("rcpt", "550 5.7.606 Access denied, banned sending IP [192.0.2.9]", SENDER),  # Exchange
    ("rcpt", "553 sorry, that domain isn't in my list of allowed rcpthosts", SENDER),  # qmail, qmail-smtpd.c
    ("rcpt", "554 Relay denied", SENDER),  # RFC 5321, without an enhanced code
    ("text", "550 5.1.8 Access denied, bad outbound sender", SENDER),  # Exchange
    ("text", "554 5.4.14 Hop count exceeded - possible mail loop", SENDER),  # Exchange
    ("text", "550-5.7.1 This message is likely suspicious\r\n550 5.7.1 gsmtp", SENDER),  # Gmail
    ("text", "550-5.7.26 The sender is unauthenticated.\r\n550 5.7.26 gsmtp", SENDER),  # Gmail
    ("text", "554 Message rejected: Email address is not verified.", SENDER),  # SES
    ("text", "554 Access denied: User is not authorized to perform ses:SendRawEmail", SENDER),  # SES
]  # fmt: skip

ERRORS = {
    "connect": "SMTPConnectError",
    "starttls": "SMTPResponseException",
    "auth": "SMTPAuthenticationError",
    "mail": "SMTPSenderRefused",
    "rcpt": "SMTPRecipientsRefused",
    "data": "SMTPDataError",
    "text": "SMTPDataError",
}


@pytest.mark.parametrize(("at", "reply", "outcome"), REPLIES, ids=lambda value: value[:50].partition("\r")[0])
def test_reply_of_a_mail_server_decides_what_becomes_of_the_mail(alice, use_mail_server, clock, at, reply, outcome):
    server = Script(**{at: reply})
    with talker(server) as port:
        use_mail_server("smtp+tls" if at == "starttls" else "smtp", port, "latchkey:secret@" if at == "auth" else "")
        assert deliver_next()
        assert not deliver_next()
    mail = the_mail()
    assert mail.last_error == (f"{ERRORS[at]} {reply[:3]}" if reply else "SMTPServerDisconnected")
    assert "auth" not in server.heard or at == "auth"
    if outcome == GIVEN_UP:
        assert mail.due_at is None
        return
    assert mail.due_at == timezone.now() + timedelta(seconds=30)
    with talker(Script()) as port:
        use_mail_server("smtp", port)
        clock.move_to(mail.due_at)
        assert deliver_next()
    assert not QueuedMail.objects.exists()
