#!/bin/sh
# granian 2.8.7 (WSGI) hands over a header with a byte above 127, which RFC 9110 calls obs-text, as an empty one. One
# cookie of other software on the domain so hides all cookies of a browser, without a line in the log.
set -eu
folder=$(mktemp -d)
trap 'kill $server 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check granian==2.8.7
"$folder/venv/bin/python" -m granian --version
echo "claim: 'Cookie: session=1; other=<0xE4>' arrives as an empty Cookie, and another header stays"
cat > "$folder/echo.py" <<'PYTHON'
def application(environ, start_response):
    start_response("200 OK", [])
    return [repr([environ.get("HTTP_COOKIE"), environ.get("HTTP_X_PLAIN")]).encode("latin-1")]
PYTHON
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cd "$folder"
"$folder/venv/bin/python" -m granian --interface wsgi --no-ws --port "$port" --blocking-threads 1 --log-level error echo:application &
server=$!
python3 - "$port" <<'PYTHON'
import socket
import sys
import time

deadline = time.monotonic() + 20
while True:
    try:
        wire = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
        break
    except OSError:
        assert time.monotonic() < deadline
        time.sleep(0.1)
wire.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Plain: kept\r\nCookie: session=1; other=\xe4\r\nConnection: close\r\n\r\n")
answer = b""
while piece := wire.recv(4096):
    answer += piece
seen = answer.rpartition(b"\r\n")[2].decode("latin-1")
print("cookie and other header:", seen)
assert "['', 'kept']" in seen, seen
PYTHON
