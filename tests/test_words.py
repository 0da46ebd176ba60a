"""One word for one thing: words that were replaced stay away, in names, texts, comments and documentation."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WALKED = ["accounts", "benchmarks", "clients", "config", "deploy", "docs", "examples", "sessions_api", "tests", ".ci"]
WALKED += ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile", ".env.example", "Dockerfile"]
WALKED += ["compose.yaml", "manage.py", "pyproject.toml", "pytest.ini"]
SUFFIXES = {".py", ".md", ".html", ".txt", ".po", ".js", ".mjs", ".lua", ".sql", ".json", ".conf", ".ini", ".yaml", ""}
SUFFIXES |= {".toml", ".example", ".ts"}
LEFT_OUT = {
    "accounts/pages/static/pages/pages.js": "a built file",
    "benchmarks/peers": "other projects name things as they do",
    "benchmarks/.venv": "installed packages",
    "benchmarks/requirements.txt": "names of packages",
    "accounts/pages/static": "built from accounts/pages/src",
    "clients/typescript/LICENSE": "a copy of LICENSE",
    "clients/typescript/dist": "built files",
    "clients/typescript/examples/nuxt/.": "built files",
    "clients/typescript/src/schema.ts": "a copy of docs/openapi.json, which is read",
    "docs/asvs.tsv": "the words of OWASP",
    "tests/mutation/requirements.txt": "names of packages",
    "tests/test_words.py": "this list",
}
SPENT = r"(?i)(?<![a-z])spen[dt]s?(?![a-z])"
VOID = r"(?i)(?<![a-z])void(s|ed)?(?![a-z])"
OLD = {  # a regular expression: what we say instead
    r"(?i)person(?!al)": "user",
    r"(?i)people": "users",
    r"(?i)somebody": "a user, a caller, or the passive's agent",
    r"(?i)nobody": "no user, no caller",
    r"(?i)anybody": "any user, any caller",
    r"(?i)everybody": "all users, all callers",
    r"(?i)whoever": "the user who, a caller that",
    r"(?i)whosever": "of any user",
    r"\bLetters?\b|LETTERS|letters\.py|\bletter\b|letter_": "MailType, mail; a character",
    r"(?i)handshake": "OAuthFlowState",
    r"\bHandover|(?i:hand-over)|\bhandovers\b|(begin|void)_handover": "SessionExchangeCode",
    r"\bsever(s|ed|ing)?\b": "unlink_identities",
    r"\badmit(s|ted)?\b": "require_auto_linkable",
    r"(?i)vouch": "verified_email",
    r"(?i)redeem": "consume",
    SPENT: "consume, mark_used",
    VOID: "revoke, invalid",
    r"\bLinkQuerySet\b|\bPurpose\b|\bTERMS\b|\bTerms\b": "OneTimeToken, TokenType, TokenRule",
    r"dies_with|\bdies\b": "invalidated_by; expires, is revoked",
    r"put_off|patience_until|given_up|end_of_patience": "retry_later, give_up_at, abandoned",
    r"(?i)failed_?attempts?": "LoginFailures",
    r"\bRequestLog\b|\bGate\b": "AccessLogMiddleware, RequestGuardMiddleware",
    r"(?i)bulkhead": "hash pool",
    r"\bis_proven\b|\bprove_again\b|\bis_authority_for\b": "verify_password_attempt, controls_mailbox",
    r"\brequire_(unchanged|live|still_in)\b": "lock_user_if_unchanged, require_not_revoked",
    r"\bfinish_(login|reauthentication)\b": "complete_login",
    r"\b(start_over|end_for_others|end_everywhere)\b": "reset_credentials, revoke_by_admin",
    r"(?i)not_me\b|\bNotMe": "undo, revert",
    r"(?i)forgiv": "clear_failures",
    r"\bshut\b": "locked",
    r"\bclass (Body|Answer)\b": "RequestSchema, ResponseSchema",
    r"\bRATE_LIMITS\b": "RATE_LIMIT_FACTOR",
    r"\bserve\.py|config\.serve\b": "config/devserver.py",
    r"\b(?i:comes in)\b": "logs in, arrives",
    r"\b(?i:no more)(?=[.,;:)]|$)": "no longer, expired, revoked",
}
ALLOWED = {  # a regular expression: the promise that an old word is part of
    "OAUTH_HANDOVER": "the setting",
    'RATE_LIMITS="0"': "the setting of commit a0f27e1, beside which the benchmarks measure",
    '"(Sec-|X-)?Purpose"': "headers of browsers",
    '"title": "Handover"': "the field of /api/auth/config",
    r'"letter"|\bletter: str|\bspent_at\b|\bfailed_attempts\b': "fields of the export",
    '"title": "(Letter|Purpose|Spent At)"': "the same in OpenAPI",
}
ELSEWHERE = {
    SPENT: "benchmarks/",
    VOID: ("clients/", "accounts/pages/src/"),
}  # a process spends CPU time; a type of TypeScript


def texts():
    """Each line of each file, and each path, as (where, text)."""
    for name in WALKED:
        root = ROOT / name
        for path in [root] if root.is_file() else sorted(root.rglob("*")):
            where = path.relative_to(ROOT).as_posix()
            left_out = where.startswith(tuple(LEFT_OUT)) or {"__pycache__", "node_modules", "package-lock.json"} & set(
                path.parts
            )
            if left_out or not path.is_file() or path.suffix not in SUFFIXES:
                continue
            yield where, where
            for number, line in enumerate(path.read_text().splitlines(), 1):
                yield f"{where}:{number}", line


LINES = [(where, re.sub("|".join(ALLOWED), "", line)) for where, line in texts()]


@pytest.mark.once
@pytest.mark.parametrize(("old", "new"), OLD.items(), ids=OLD.values())
def test_replaced_words_stay_away(old, new):
    pattern = re.compile(old)
    lines = [(where, line) for where, line in LINES if not where.startswith(ELSEWHERE.get(old, "\0"))]
    found = [f"{where}: {line.strip()}" for where, line in lines if pattern.search(line)]
    assert not found, f"say: {new}\n" + "\n".join(found)
