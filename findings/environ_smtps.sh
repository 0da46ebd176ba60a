#!/bin/sh
# django-environ 0.14.0 reads smtps:// as STARTTLS, and gives smtp+tls:// no port.
# RFC 8314 and mail clients mean TLS from the first byte by smtps, on port 465.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check django-environ==0.14.0
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

from environ import Env

print("django-environ", version("django-environ"))
print("claim: smtps:// sets EMAIL_USE_TLS (STARTTLS) and not EMAIL_USE_SSL; the port stays empty")
read = Env.email_url_config("smtps://user:password@mail.example.org")
print({name: read.get(name) for name in ("EMAIL_USE_TLS", "EMAIL_USE_SSL", "EMAIL_PORT")})
assert read.get("EMAIL_USE_TLS") is True
assert read.get("EMAIL_USE_SSL") is None
assert read["EMAIL_PORT"] is None
PYTHON
