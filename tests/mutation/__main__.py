"""`make mutants`: plants small bugs in the critical modules, and lists those that no test notices.

mutmut works in a copy of the repository, so no mutated file is ever in the repository itself. Each group has the tests
that drive its modules; of these, mutmut runs for each mutant the ones that call its function. survivors.md explains
the mutants that are left.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
MUTMUT = str(Path(sys.executable).with_name("mutmut"))
GROUPS = {  # modules, and tests without a server of their own
    "sessions": (
        "sessions_api/{models,auth,tokens,revocation,bookkeeping}.py",
        "tests/sessions_api/test_{bookkeeping,sessions,revocation,purge,your_own_routes}.py "
        "tests/sessions_api/admin_sessions tests/accounts/test_{disabling,revoke_sessions}.py "
        "tests/accounts/login/test_reauthentication.py "
        "tests/sessions_api/events/test_events.py "
        "tests/sessions_api/http/test_headers.py::test_{bearer_scheme_is_case_insensitive,"
        "missing_bearer_token_has_no_error_in_the_challenge,bearer_token_with_extra_characters_is_refused} "
        "tests/accounts/test_admin_trail.py::test_admin_actions_and_their_events_name_the_administrator",
    ),
    "limits": (
        "sessions_api/http/client.py sessions_api/ratelimit/{limits,memory}.py "
        "sessions_api/outbound/circuit_breaker.py",
        "tests/sessions_api/ratelimit/test_limits.py tests/sessions_api/http/test_client.py "
        "tests/sessions_api/ratelimit/test_stores.py::test_memory_store_"
        "{lets_five_of_twenty_threads_pass,forgets_the_key_that_was_asked_for_longest_ago,"
        "counts_the_remaining_attempts,allows_attempts_after_the_clock_was_set_back} tests/sessions_api/outbound "
        "tests/accounts/passwords/test_hash_failures.py::test_failing_hasher_counts_for_no_limit[memory] "
        "tests/sessions_api/http/test_headers.py::test_{client_address_is_what_the_outermost_trusted_proxy_saw,"
        "user_agent_is_stored_printable_and_cut,client_address_is_unknown_behind_a_unix_socket} "
        "tests/config/test_logs.py::test_unreadable_address_of_a_proxy_is_logged_once_without_its_text",
    ),
    "login": (
        "accounts/login/{complete,devices,lockout,models,password}.py",
        "tests/accounts/login/test_{admin_login,devices,equal_refusals,handover,lockout,lockout_keys,login}.py "
        "tests/accounts/login/test_reauthentication.py tests/accounts/social/test_{exchange_code,purge}.py "
        "tests/accounts/test_purge_sessions.py tests/sessions_api/events/test_events.py "
        "tests/sessions_api/ratelimit/test_limits.py::test_password_reset_resets_the_limit_of_a_known_network_too",
    ),
    "tokens": (
        "accounts/mail/one_time_tokens.py accounts/single_use/models.py",
        "tests/accounts/mail/test_one_time_tokens.py tests/accounts/recovery tests/accounts/email "
        "tests/accounts/test_purge_sessions.py "
        "tests/accounts/passwords/test_reset.py tests/accounts/registration "
        "tests/accounts/passwords/test_change.py tests/accounts/social/test_{purposes,signin,purge}.py",
    ),
    "social": (
        "accounts/social/{matching,signin}.py",
        "tests/accounts/social/test_{matching,id_tokens,signin,second_provider,revoked_links,connections}.py "
        "tests/sessions_api/ratelimit/test_limits.py::test_sign_in_limit_sends_the_browser_to_the_error_page "
        "tests/accounts/social/test_exchange_code.py tests/accounts/social/test_hostile_provider.py::test_callback_"
        "{that_finds_no_place_is_refused_and_can_be_sent_again,above_the_rate_limit_can_be_sent_again} "
        "tests/accounts/social/test_oidc_providers.py::test_"
        "{oidc_address_must_be_verified_where_registration_is,unverified_address_counts_as_no_mailbox_of_google,"
        "unverified_address_has_one_spelling_at_google_too,oidc_identity_is_another_one_than_googles_with_the_same_sub}",
    ),
}
WITHOUT_MUTANTS = (  # tests of other modules, with many parameters, or of a server of their own
    "id_token_that_is_forged",
    "id_token_with_a_wrong_claim",
    "id_token_without_a_claim",
    "cookie_has_the_host_prefix",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], help="all without any")
    left = [mutant for group in parser.parse_args().groups or GROUPS for mutant in run(group)]
    sys.stdout.write("".join(f"{mutant}\n" for mutant in left) + f"{len(left)} mutants to look at.\n")
    return bool(left)


def run(group: str) -> list[str]:
    """The diffs of the mutants in this group that no test kills and survivors.md does not explain.

    After them, the ones that survivors.md explains and that a test kills: either a test has become stronger, or all
    tests of this run fail.
    """
    modules, tests = (expanded(words) for words in GROUPS[group])
    explained = re.findall(r"`([\w.]+__mutmut_\d+)`", (HERE / "survivors.md").read_text())
    with tempfile.TemporaryDirectory(prefix="latchkey-mutants-") as name:
        copy = Path(name)
        for path in command("git", "ls-files", at=ROOT).split("\n"):
            if (ROOT / path).is_file():
                (copy / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / path, copy / path)
        shutil.copy(HERE / "root_conftest.py", copy / "conftest.py")
        (copy / "setup.cfg").write_text(configuration(modules, tests))
        (copy / "preload.txt").write_text("tests.mutation.preload\n")
        subprocess.run([MUTMUT, "run"], cwd=copy, env=environment(), check=True)
        # The ones that were not killed: also where a test took too long, or pytest itself failed.
        left = [line.split(": ")[0].strip() for line in command(MUTMUT, "results", at=copy).splitlines() if line]
        diffs = {mutant: command(MUTMUT, "show", mutant, at=copy) for mutant in left}
    killed = [f"{name}: explained, but killed" for name in explained if in_modules(name, modules) and name not in diffs]
    return [diff for name, diff in diffs.items() if name not in explained] + killed


def in_modules(mutant: str, modules: list[str]) -> bool:
    return any(mutant.startswith(module.removesuffix("py").replace("/", ".")) for module in modules)


def configuration(modules: list[str], tests: list[str]) -> str:
    lists = {
        "source_paths": ["accounts", "config", "sessions_api"],
        "only_mutate": modules,
        "also_copy": ["benchmarks", "docs", "examples", "manage.py", "pytest.ini", "conftest.py"],
        "pytest_add_cli_args": [
            "-n0",
            "-pno:cacheprovider",
            "--assert=plain",  # rewriting wants to be before all imports
            "--override-ini=addopts=-p tests.services",
            "-mnot postgres",
            f"-knot ({' or '.join(WITHOUT_MUTANTS)})",
        ],
        "do_not_mutate_patterns": [r"logger\.\w+\(", r"\bcast\("],  # words for a log; what does nothing at run time
        "pytest_add_cli_args_test_selection": tests,
    }
    lines = [
        "[mutmut]",
        "use_git_change_detection = false",
        "process_isolation = forkserver",  # threads do not survive a fork
        # pytest changes ids with characters outside ASCII when it collects them a second time in one process, and
        # then finds no such test. So the process that forks collects none.
        "forkserver_warmup = import",
        "preload_modules_file = preload.txt",
        "timeout_constant = 8",  # times mutmut's multiplier of 15: two minutes on a busy machine
    ]
    for key, values in lists.items():
        lines += [f"{key} =", *(f"    {value}" for value in values)]
    return "\n".join([*lines, ""])


def expanded(words: str) -> list[str]:
    """`a/{b,c}.py` as `a/b.py` and `a/c.py`."""
    found = []
    for word in words.split():
        start, _, rest = word.partition("{")
        names, _, end = rest.partition("}")
        found += [f"{start}{name}{end}" for name in names.split(",")]
    return found


def environment() -> dict[str, str]:
    return os.environ | {"DATABASE_URL": "sqlite://:memory:"}


def command(*words: str, at: Path) -> str:
    return subprocess.run(words, cwd=at, env=environment(), check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
