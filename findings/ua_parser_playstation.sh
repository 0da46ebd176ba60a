#!/bin/sh
# ua-parser 1.0.2 with ua-parser-builtins 202610 names the browser of a PlayStation 5 "Apple Mail", on no system.
# It takes any WebKit without `Version/` and `Safari/` for Apple's mail program. A list of devices then misleads its user.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check ua-parser==1.0.2 ua-parser-builtins==202610
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

from ua_parser import parse_os, parse_user_agent

print("ua-parser", version("ua-parser"), "with builtins", version("ua-parser-builtins"))
print("claim: the browser of a PlayStation 5 is Apple Mail, and its system is unknown")
sent = "Mozilla/5.0 (PlayStation; PlayStation 5/6.50) AppleWebKit/605.1.15 (KHTML, like Gecko)"
browser, system = parse_user_agent(sent), parse_os(sent)
print({"browser": browser and browser.family, "system": system and system.family})
assert browser and browser.family == "Apple Mail"
assert system is None
PYTHON
