"""How mails look: on phones and desktops, in light and dark mode, in a terminal, and in each language."""

import ast
import logging
import re
import shutil
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from gettext import GNUTranslations

import pytest
from django.core.checks import run_checks
from django.utils import timezone, translation

from accounts.mail.messages import compose
from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.queue import MailType, QueuedMail
from accounts.mail.token_types import RULES, TokenType
from accounts.models import User
from accounts.recovery.undo import EARLIER_ADDRESS
from config.api import api
from sessions_api.events.tags import ADMINISTRATOR

from ...browser import chromium, needs_chromium, picture
from ...server import ROOT
from ...users import link

MAIL = ROOT / "accounts" / "mail"
DOCS = (ROOT / "docs" / "mail.md").read_text()
SITE = "a-long-name-of-an-application.example.org"
PARTS = {"details", "undo"}  # other templates include these
DETAILS = {"ip_address": "2001:db8:1234:5678:9abc:def0:1234:5678", "device": "Chrome on Android"}
SECURITY_ALERTS = {
    MailType.PASSWORD_CHANGED: DETAILS,
    MailType.EMAIL_CHANGED: DETAILS,
    MailType.LINKED: DETAILS | {"provider": "Google"},
    MailType.UNLINKED: DETAILS | {"provider": "Google"},
    MailType.NEW_DEVICE: DETAILS,
}

pytestmark = [pytest.mark.once, pytest.mark.django_db]


def composed(mail_type, **values):
    mail = QueuedMail.objects.enqueue(mail_type, **values)
    message = compose(mail)
    assert message, mail_type
    return message


def security_alert(mail_type, user, **data):
    """An alert to a verified mailbox, with a revert token."""
    mail = QueuedMail.objects.enqueue(mail_type, email=user.email, user=user, **data)
    OneTimeToken.objects.issue(mail, TokenType.REVERT, user)
    return compose(mail)


def one_of_each():
    """A mail of each type and variant, by its name."""
    dave = User.objects.create_user("dave@example.org")
    to_dave = {"email": dave.email, "user": dave}
    mails = {name: security_alert(name, dave, **data) for name, data in SECURITY_ALERTS.items()}
    for name in (MailType.NEW_DEVICE, MailType.EMAIL_CHANGED):
        mails[f"{name}_unverified"] = composed(name, **to_dave, ip_address=DETAILS["ip_address"])
    mails["email_changed_by_earlier_address"] = composed(MailType.EMAIL_CHANGED, **to_dave, by=EARLIER_ADDRESS)
    mails["email_changed_late"] = composed(MailType.EMAIL_CHANGED, **to_dave, verified=True, **DETAILS)
    mails["verify"] = composed(MailType.VERIFY, email=dave.email, user=dave)
    mails["change"] = composed(MailType.CHANGE, email="new@example.org", user=dave)
    mails["change_by_administrator"] = composed(
        MailType.CHANGE, email="another@example.org", user=dave, by=ADMINISTRATOR
    )
    mails["reset"] = composed(MailType.RESET, email=dave.email)
    mails["register"] = composed(MailType.REGISTER, email="erin@example.org")
    mails["already_registered"] = composed(MailType.REGISTER, email=dave.email)
    for name in (MailType.FAILED_LOGINS, MailType.LOCKED):
        mails[name] = composed(name, **to_dave, **DETAILS)
        mails[f"{name}_known_network"] = composed(name, **to_dave, known_network="known_network", **DETAILS)
    mails["deleted"] = composed(MailType.DELETED, email="frank@example.org", ip_address=DETAILS["ip_address"])
    assert mails.keys() >= set(MailType)
    return {str(name): mail for name, mail in mails.items()}


def html(message):
    ((content, kind),) = message.alternatives
    assert kind == "text/html"
    return content


CONTRAST = """(part) => {
    const light = (colour) => {
        const [red, green, blue] = colour.match(/[0-9]+/g).slice(0, 3).map((value) => {
            const part = value / 255
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
        })
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const ground = (part) => {
        const colour = getComputedStyle(part).backgroundColor
        return colour === "rgba(0, 0, 0, 0)" ? ground(part.parentElement) : colour
    }
    const [dark, bright] = [light(getComputedStyle(part).color), light(ground(part))].sort((a, b) => a - b)
    return (bright + 0.05) / (dark + 0.05)
}"""


def expected_text(mail, tab):
    """The text part, with the button in place of the link, and the hint that only the HTML part has."""
    url, body = "".join(re.findall(r"^https?://\S+#\S+$", mail.body, re.MULTILINE)), mail.body
    parts = [SITE, mail.subject]
    if not url:
        return "\n".join([*parts, body])
    assert tab.locator("a").get_attribute("href") == url
    button, hint = tab.locator("a").inner_text(), tab.locator("span").locator("..").inner_text()
    assert hint.count("\n") == 1
    return "\n".join([*parts, body.replace(url, button), hint.partition("\n")[0], url])


def one_line(text):
    return " ".join(text.split())


@needs_chromium("mails are not rendered")
@pytest.mark.parametrize("language", ["en", "de"])
def test_html_mail_is_readable_on_phone_and_desktop_in_light_and_dark_mode(settings, language):
    settings.MAIL_LANGUAGE = language
    settings.SITE_NAME, settings.FRONTEND_URL = SITE, f"https://{SITE}"
    mails = one_of_each()
    with chromium() as browser:
        tab, asked = browser.new_page(), []
        tab.on("request", lambda request: asked.append(request.url))
        for name, mail in mails.items():
            tab.set_content(html(mail))
            assert one_line(tab.inner_text("body")) == one_line(expected_text(mail, tab)), name
            for scheme in ("light", "dark"):
                tab.emulate_media(color_scheme=scheme)
                contrasts = tab.locator("h1, p, a, span").evaluate_all(f"parts => parts.map({CONTRAST})")
                assert min(contrasts) >= 4.5, (name, scheme)
                for device, width in {"phone": 390, "desktop": 800}.items():
                    tab.set_viewport_size({"width": width, "height": 600})
                    picture(tab, f"mail-{name}-{language}-{scheme}-{device}")
                    assert tab.evaluate("document.documentElement.scrollWidth") <= width, (name, device)
    assert not asked


def test_html_mail_uses_only_layout_that_outlook_supports():
    """Outlook renders with Word, which ignores flex, max-width, and padding outside of cells."""
    html_of_one = html(one_of_each()["new_device"])
    assert not re.search(r"flex|grid|position:|float:|rgba?\(|url\(|@import|<link|<script|<img", html_of_one)
    wrapper, closed = re.findall(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", html_of_one)
    assert 'width="560"' in wrapper
    assert re.findall(r"<(\w+)", wrapper)[::-1] == re.findall(r"</(\w+)", closed)
    padded = re.findall(r'<(\w+)[^>]*[ ";](?:mso-)?padding(?:-alt)?:[1-9]', html_of_one)
    assert set(padded) == {"td", "a"}
    assert "mso-padding-alt" in html_of_one.partition("<a ")[0]
    assert (
        html_of_one.count("<table") == html_of_one.count("</table") == html_of_one.count('<table role="presentation"')
    )


@pytest.mark.parametrize("language", ["en", "de"])
def test_text_mail_is_readable_in_a_terminal(settings, language):
    settings.MAIL_LANGUAGE = language
    for mail in one_of_each().values():
        assert all(len(line) <= 72 or "://" in line for line in mail.body.splitlines())
        assert not re.search("\n{3}|[ \t]$|^[ \t]", mail.body, re.MULTILINE)
        assert len(mail.subject) <= 78


def test_mail_variables_are_plain_in_text_and_escaped_in_html(settings):
    settings.SITE_NAME = "O'Reilly & <b>Sons</b>"
    dave = User.objects.create_user("dave@example.org")
    mail = security_alert(MailType.NEW_DEVICE, dave, device="<script>it's</script>")
    assert mail.subject == "A new device logged in to your account at O'Reilly & <b>Sons</b>"
    assert "Device: <script>it's</script>\n" in mail.body
    assert "account at O'Reilly & <b>Sons</b> for the\nfirst time." in mail.body
    assert not re.search("<(b|script)>", html(mail))
    assert "O&#x27;Reilly &amp; &lt;b&gt;Sons&lt;/b&gt;" in html(mail)
    assert "Device: &lt;script&gt;it&#x27;s&lt;/script&gt;" in html(mail)


def test_composing_a_mail_logs_nothing(caplog):
    """Django logs the context of a template, and so the token, if the template uses an undefined variable."""
    caplog.set_level(logging.DEBUG, "django.template")
    one_of_each()
    assert not [record for record in caplog.records if record.name == "django.template"]


def test_mail_headers_tell_automatic_replies_to_stay_silent(clock):
    headers = composed(MailType.DELETED, email="dave@example.org").message()
    assert headers["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(headers["Date"]).replace(tzinfo=UTC) == timezone.now().replace(microsecond=0)


def test_message_id_is_the_same_at_each_attempt_and_does_not_name_the_machine(settings):
    settings.DEFAULT_FROM_EMAIL = "Bücher <accounts@bücher.example>"
    mail = QueuedMail.objects.enqueue(MailType.DELETED, email="dave@example.org")
    first, second = (compose(mail).message()["Message-ID"] for _ in range(2))
    assert first == second == f"<{mail.pk}@xn--bcher-kva.example>"


def sentences(message):
    """The parts of this mail that differ between languages."""
    lines = [message.subject, *message.body.split("\n\n"), *re.findall("<a [^>]*>([^<]*)</a>", html(message))]
    return {one_line(line) for line in lines if "://" not in line}


def test_translated_mail_has_no_english_text(settings):
    english = one_of_each()
    User.objects.all().delete()
    settings.MAIL_LANGUAGE = "de"
    for name, mail in one_of_each().items():
        assert not sentences(mail) & sentences(english[name])
        assert not re.search(r"\b(you|the|we|address|Time|Device)\b", mail.body)
        assert '<html lang="de" dir="ltr">' in html(mail)
        assert "If the button" not in html(mail)


def test_mail_dates_follow_the_language(settings, clock):
    clock.move_to(datetime(2027, 3, 9, 7, 5, tzinfo=UTC))
    assert "Time: 9 March 2027, 07:05 UTC" in composed(MailType.DELETED, email="dave@example.org").body
    settings.MAIL_LANGUAGE = "de"
    assert "Zeit: 9. März 2027, 07:05 Uhr (UTC)" in composed(MailType.DELETED, email="dave@example.org").body


def test_mail_language_does_not_depend_on_the_language_of_the_request():
    with translation.override("de"):
        assert composed(MailType.REGISTER, email="dave@example.org").subject.startswith("Create your account")


def entries(po):
    """The translations of a .po file without plurals, by context and msgid."""
    strings = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'
    for context, key, value in re.findall(rf"(?:msgctxt {strings})?msgid {strings}msgstr {strings}", po):
        yield literal(context) + "\x04" * bool(context) + literal(key), literal(value)


def literal(strings):
    return ast.literal_eval(f"({strings.strip() or repr('')})")


@pytest.mark.parametrize("folder", sorted(MAIL.glob("locale/*/LC_MESSAGES")), ids=lambda folder: folder.parent.name)
def test_compiled_translation_matches_its_source_and_the_templates(folder):
    source = dict(entries((folder / "django.po").read_text()))
    with (folder / "django.mo").open("rb") as compiled:
        assert GNUTranslations(compiled)._catalog == {key: value for key, value in source.items() if key} | {
            "": source[""]
        }
    templates = [MAIL / "messages.py", *(MAIL / "templates" / "mail").iterdir()]
    text = "".join(template.read_text() for template in templates).replace("{{ ", "%(").replace(" }}", ")s")
    for key, value in source.items():
        assert value, key
        assert key.rpartition("\x04")[2] in text, "no template contains this msgid"
        assert key == "" or set(re.findall(r"%\(\w+\)s", key)) == set(re.findall(r"%\(\w+\)s", value))


def test_custom_translation_is_used(settings, tmp_path):
    shutil.copytree(MAIL / "locale" / "de", tmp_path / "fr")
    settings.LOCALE_PATHS, settings.MAIL_LANGUAGE = [tmp_path], "fr"
    assert not [message for message in run_checks() if message.id == "accounts_mail.E002"]
    assert composed(MailType.DELETED, email="dave@example.org").subject.startswith("Ihr Konto")


@pytest.mark.parametrize("language", ["fr", "tlh", "../de"])
def test_language_without_a_translation_is_refused(settings, language):
    settings.MAIL_LANGUAGE = language
    assert [message for message in run_checks() if message.id == "accounts_mail.E002"]


def test_custom_template_is_used(settings, tmp_path):
    """With the example of docs/mail.md."""
    ((path, example),) = re.findall(r"`templates/(mail/\w+\.txt)`:\n\n```\n(.*?)```", DOCS, re.DOTALL)
    (tmp_path / path).parent.mkdir()
    (tmp_path / path).write_text(example)
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path]}]
    dave = User.objects.create_user("dave@example.org")
    mail = composed(MailType.RESET, email=dave.email)
    assert mail.subject == "Your new password for localhost"
    assert link(mail).startswith("http://localhost:3000/password/reset#")
    assert "Questions? help@example.org" in mail.body
    assert "Questions? help@example.org" in html(mail)


def test_template_variables_are_documented():
    documented = {}
    for names, cell in re.findall(r"^\| (`.*?`) \|.*\| (.*?) ?\|$", DOCS, re.MULTILINE):
        for name in re.findall(r"`(\w+)\.txt`", names):
            documented[name] = set(re.findall(r"`(\w+)`", cell))
    used = {}
    for template in (MAIL / "templates" / "mail").glob("*.txt"):
        text = template.read_text().replace("mail/details.txt", "{{ at }}{{ ip_address }}{{ device }}")
        text = text.replace("mail/undo.txt", "{{ url }}")
        used[template.stem] = set(re.findall(r"\{(?:\{|% if) (\w+)", text)) - {"site", "front_end"}
    assert documented == {name: names for name, names in used.items() if name not in PARTS}


def test_pages_of_mail_links_are_documented():
    pages = re.findall(r"^\| `(/[\w/]+)` \| `(/api/[\w/]+)` \|", DOCS, re.MULTILINE)
    assert {page for page, _ in pages} == {rule.path for rule in RULES.values()}
    assert {f"/api{path}" for path in api.get_openapi_schema(path_prefix="")["paths"]} >= {path for _, path in pages}
