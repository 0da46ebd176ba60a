"""What a mail looks like to whoever gets it: on a phone, on a desk, by day and by night, and in a terminal."""

import ast
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

from ...browser import chromium, needs_chromium
from ...server import ROOT
from ...users import link

SCREENSHOTS = ROOT / "screenshots"
MAIL = ROOT / "accounts" / "mail"
DOCS = (ROOT / "docs" / "mail.md").read_text()
SITE = "a-long-name-of-an-application.example.org"
PARTS = {"details", "this_was_not_me"}  # of other templates
TOLD = {"ip_address": "2001:db8:1234:5678:9abc:def0:1234:5678", "device": "Chrome on Android"}
SECURITY_ALERTS = {
    MailType.PASSWORD_CHANGED: TOLD,
    MailType.EMAIL_CHANGED: TOLD,
    MailType.LINKED: TOLD | {"provider": "Google"},
    MailType.UNLINKED: TOLD | {"provider": "Google"},
    MailType.NEW_DEVICE: TOLD,
}

pytestmark = [pytest.mark.once, pytest.mark.django_db]


def written(mail_type, **said):
    mail = QueuedMail.objects.enqueue(mail_type, **said)
    message = compose(mail)
    assert message, mail_type
    return message


def warning(mail_type, user, **told):
    """To a mailbox that has proven itself."""
    mail = QueuedMail.objects.enqueue(mail_type, email=user.email, user=user, **told)
    OneTimeToken.objects.issue(mail, TokenType.REVERT, user)
    return compose(mail)


def one_of_each():
    """Every letter there is, by its name."""
    dave = User.objects.create_user("dave@example.org")
    mails = {name: warning(name, dave, **told) for name, told in SECURITY_ALERTS.items()}
    for name in (MailType.NEW_DEVICE, MailType.EMAIL_CHANGED):
        mails[f"{name}_unproven"] = written(name, email=dave.email, user=dave, ip_address=TOLD["ip_address"])
    mails["email_changed_back"] = written(MailType.EMAIL_CHANGED, email=dave.email, user=dave, by=EARLIER_ADDRESS)
    mails["email_changed_late"] = written(MailType.EMAIL_CHANGED, email=dave.email, user=dave, verified=True, **TOLD)
    mails["verify"] = written(MailType.VERIFY, email=dave.email, user=dave)
    mails["change"] = written(MailType.CHANGE, email="new@example.org", user=dave)
    mails["reset"] = written(MailType.RESET, email=dave.email)
    mails["register"] = written(MailType.REGISTER, email="erin@example.org")
    mails["already_registered"] = written(MailType.REGISTER, email=dave.email)
    for name in (MailType.FAILED_LOGINS, MailType.LOCKED):
        mails[name] = written(name, email=dave.email, user=dave, **TOLD)
        mails[f"{name}_home"] = written(name, email=dave.email, user=dave, known_network="known_network", **TOLD)
    mails["farewell"] = written(MailType.DELETED, email="frank@example.org", ip_address=TOLD["ip_address"])
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


def in_full(mail, tab):
    """The words of the text part, where a link is a button, and all that HTML says beside them."""
    url, body = "".join(re.findall(r"^https?://\S+#\S+$", mail.body, re.MULTILINE)), mail.body
    parts = [SITE, mail.subject]
    if not url:
        return "\n".join([*parts, body])
    assert tab.locator("a").get_attribute("href") == url
    button, hint = tab.locator("a").inner_text(), tab.locator("span").locator("..").inner_text()
    assert hint.count("\n") == 1
    return "\n".join([*parts, body.replace(url, button), hint.partition("\n")[0], url])


def said(text):
    return " ".join(text.split())


@needs_chromium("nobody looks at mails")
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_mail_is_readable_on_a_phone_and_on_a_desk_by_day_and_by_night(settings, language):
    settings.MAIL_LANGUAGE = language
    settings.SITE_NAME, settings.FRONTEND_URL = SITE, f"https://{SITE}"
    mails = one_of_each()
    with chromium() as browser:
        tab, asked = browser.new_page(), []
        tab.on("request", lambda request: asked.append(request.url))
        for name, mail in mails.items():
            tab.set_content(html(mail))
            assert said(tab.inner_text("body")) == said(in_full(mail, tab)), name
            for scheme in ("light", "dark"):
                tab.emulate_media(color_scheme=scheme)
                contrasts = tab.locator("h1, p, a, span").evaluate_all(f"parts => parts.map({CONTRAST})")
                assert min(contrasts) >= 4.5, (name, scheme)
                for device, width in {"phone": 390, "desk": 800}.items():
                    tab.set_viewport_size({"width": width, "height": 600})
                    tab.screenshot(path=SCREENSHOTS / f"mail-{name}-{language}-{scheme}-{device}.png", full_page=True)
                    assert tab.evaluate("document.documentElement.scrollWidth") <= width, (name, device)
    assert not asked


def test_a_mail_asks_nothing_of_outlook_that_word_cannot_lay_out():
    """Word has no flex, no max-width and no padding but that of cells; what it does not know, it drops."""
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
def test_a_mail_is_readable_in_a_terminal(settings, language):
    settings.MAIL_LANGUAGE = language
    for name, mail in one_of_each().items():
        SCREENSHOTS.mkdir(exist_ok=True)
        (SCREENSHOTS / f"mail-{name}-{language}.txt").write_text(f"{mail.subject}\n\n{mail.body}")
        assert all(len(line) <= 72 or "://" in line for line in mail.body.splitlines())
        assert not re.search("\n{3}|[ \t]$|^[ \t]", mail.body, re.MULTILINE)
        assert len(mail.subject) <= 78


def test_names_are_themselves_in_text_and_harmless_in_html(settings):
    settings.SITE_NAME = "O'Reilly & <b>Sons</b>"
    dave = User.objects.create_user("dave@example.org")
    mail = warning(MailType.NEW_DEVICE, dave, device="<script>it's</script>")
    assert mail.subject == "A new device in your account at O'Reilly & <b>Sons</b>"
    assert "With: <script>it's</script>\n" in mail.body
    assert "account at O'Reilly & <b>Sons</b> with a\ndevice" in mail.body
    assert not re.search("<(b|script)>", html(mail))
    assert "O&#x27;Reilly &amp; &lt;b&gt;Sons&lt;/b&gt;" in html(mail)
    assert "With: &lt;script&gt;it&#x27;s&lt;/script&gt;" in html(mail)


def test_programs_that_answer_mail_know_that_nobody_wrote_it(clock):
    headers = written(MailType.DELETED, email="dave@example.org").message()
    assert headers["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(headers["Date"]).replace(tzinfo=UTC) == timezone.now().replace(microsecond=0)


def test_a_mail_that_is_sent_twice_is_one_mail_and_does_not_name_the_machine(settings):
    settings.DEFAULT_FROM_EMAIL = "Bücher <nobody@bücher.example>"
    mail = QueuedMail.objects.enqueue(MailType.DELETED, email="dave@example.org")
    first, second = (compose(mail).message()["Message-ID"] for _ in range(2))
    assert first == second == f"<{mail.pk}@xn--bcher-kva.example>"


def sentences(message):
    """Its parts, without what is the same in every language."""
    lines = [message.subject, *message.body.split("\n\n"), *re.findall("<a [^>]*>([^<]*)</a>", html(message))]
    return {said(line) for line in lines if "://" not in line}


def test_nothing_of_a_mail_is_left_untranslated(settings):
    english = one_of_each()
    User.objects.all().delete()
    settings.MAIL_LANGUAGE = "de"
    for name, mail in one_of_each().items():
        assert not sentences(mail) & sentences(english[name])
        assert not re.search(r"\b(you|the|address|When|With)\b", mail.body)
        assert '<html lang="de" dir="ltr">' in html(mail)
        assert "If the button" not in html(mail)


def test_dates_are_written_as_in_the_language(settings, clock):
    clock.move_to(datetime(2027, 3, 9, 7, 5, tzinfo=UTC))
    assert "When: 9 March 2027, 07:05 UTC" in written(MailType.DELETED, email="dave@example.org").body
    settings.MAIL_LANGUAGE = "de"
    assert "Wann: 9. März 2027, 07:05 Uhr (UTC)" in written(MailType.DELETED, email="dave@example.org").body


def test_a_mail_does_not_speak_the_language_of_whoever_caused_it():
    with translation.override("de"):
        assert written(MailType.REGISTER, email="dave@example.org").subject.startswith("Open your account")


def entries(po):
    """What a .po file translates, by context and words; no plurals here."""
    strings = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'
    for context, key, value in re.findall(rf"(?:msgctxt {strings})?msgid {strings}msgstr {strings}", po):
        yield literal(context) + "\x04" * bool(context) + literal(key), literal(value)


def literal(strings):
    return ast.literal_eval(f"({strings.strip() or repr('')})")


@pytest.mark.parametrize("folder", sorted(MAIL.glob("locale/*/LC_MESSAGES")), ids=lambda folder: folder.parent.name)
def test_the_compiled_translation_is_that_of_its_source(folder):
    written = dict(entries((folder / "django.po").read_text()))
    with (folder / "django.mo").open("rb") as compiled:
        assert GNUTranslations(compiled)._catalog == {key: value for key, value in written.items() if key} | {
            "": written[""]
        }
    sources = [MAIL / "letters.py", *(MAIL / "templates" / "mail").iterdir()]
    said = "".join(source.read_text() for source in sources).replace("{{ ", "%(").replace(" }}", ")s")
    for key, value in written.items():
        assert value, key
        assert key.rpartition("\x04")[2] in said, "nothing says so any more"
        assert key == "" or set(re.findall(r"%\(\w+\)s", key)) == set(re.findall(r"%\(\w+\)s", value))


def test_a_translation_of_ones_own_is_used(settings, tmp_path):
    shutil.copytree(MAIL / "locale" / "de", tmp_path / "fr")
    settings.LOCALE_PATHS, settings.MAIL_LANGUAGE = [tmp_path], "fr"
    assert not [message for message in run_checks() if message.id == "accounts_mail.E002"]
    assert written(MailType.DELETED, email="dave@example.org").subject.startswith("Ihr Konto")


@pytest.mark.parametrize("language", ["fr", "tlh", "../de"])
def test_a_language_without_a_translation_is_refused(settings, language):
    settings.MAIL_LANGUAGE = language
    assert [message for message in run_checks() if message.id == "accounts_mail.E002"]


def test_words_of_ones_own_are_used(settings, tmp_path):
    """The example of docs/mail.md."""
    ((path, example),) = re.findall(r"`templates/(mail/\w+\.txt)`:\n\n```\n(.*?)```", DOCS, re.DOTALL)
    (tmp_path / path).parent.mkdir()
    (tmp_path / path).write_text(example)
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path]}]
    dave = User.objects.create_user("dave@example.org")
    mail = written(MailType.RESET, email=dave.email)
    assert mail.subject == "Your new password for localhost"
    assert link(mail).startswith("http://localhost:3000/password/reset#")
    assert "Questions? help@example.org" in mail.body
    assert "Questions? help@example.org" in html(mail)


def test_the_variables_of_every_template_are_documented():
    documented = {}
    for names, cell in re.findall(r"^\| (`.*?`) \|.*\| (.*?) ?\|$", DOCS, re.MULTILINE):
        for name in re.findall(r"`(\w+)\.txt`", names):
            documented[name] = set(re.findall(r"`(\w+)`", cell))
    used = {}
    for template in (MAIL / "templates" / "mail").glob("*.txt"):
        text = template.read_text().replace("mail/details.txt", "{{ at }}{{ ip_address }}{{ device }}")
        text = text.replace("mail/this_was_not_me.txt", "{{ url }}")
        used[template.stem] = set(re.findall(r"\{(?:\{|% if) (\w+)", text)) - {"site", "front_end"}
    assert documented == {name: names for name, names in used.items() if name not in PARTS}


def test_the_pages_of_the_links_are_documented():
    pages = re.findall(r"^\| `(/[\w/]+)` \| `(/api/[\w/]+)` \|", DOCS, re.MULTILINE)
    assert {page for page, _ in pages} == {terms.path for terms in RULES.values()}
    assert {f"/api{path}" for path in api.get_openapi_schema(path_prefix="")["paths"]} >= {path for _, path in pages}
