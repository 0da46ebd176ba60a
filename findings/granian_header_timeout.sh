#!/bin/sh
# granian 2.8.7 describes --http1-header-read-timeout as "a timeout to read headers". It also closes each idle
# keep-alive connection at that time, and no other option sets it. A load balancer that keeps idle connections for longer
# (60 s by default on AWS, and 60 s is the option's maximum) then sends requests into connections that close.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check granian==2.8.7
cat > "$folder/app.py" <<'PYTHON'
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
PYTHON
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import socket
import subprocess
import sys
import time
from importlib.metadata import version

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--port", str(port)]
command += ["--log-level", "error", "--http1-header-read-timeout", "2000", "app:app"]
server = subprocess.Popen(command)
try:
    for _ in range(200):
        try:
            wire = socket.create_connection(("127.0.0.1", port), 10)
            break
        except OSError:
            time.sleep(0.05)
    print("granian", version("granian"))
    print("claim: with --http1-header-read-timeout 2000, a connection is closed 2 s after its last answer")
    wire.sendall(REQUEST)
    answer = wire.recv(4096)
    while not answer.endswith(b"ok"):
        answer += wire.recv(4096)
    answered = time.monotonic()
    assert wire.recv(1) == b""
    idle = time.monotonic() - answered
    print(answer.partition(b"\r\n\r\n")[0].decode().splitlines(), f"closed after {idle:.1f} s")
    assert 1.9 < idle < 3
    assert b"keep-alive" not in answer.lower() and b"connection:" not in answer.lower()  # it announces nothing
finally:
    server.terminate()
    server.wait(10)
PYTHON
