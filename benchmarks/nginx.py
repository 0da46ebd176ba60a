"""nginx in front of a server: it tells of https and of the client's address as deploy/nginx.conf does, without TLS."""

import shutil
import subprocess
from pathlib import Path

FOUND = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/bin")
HOST = "auth.example.org"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
CONFIGURATION = """
daemon off;
pid nginx.pid;
events {{}}
http {{
    access_log off;
    {temporary}
    keepalive_requests 1000000;
    upstream server {{
        server 127.0.0.1:{server_port};
        keepalive 16;
        keepalive_requests 1000000;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://server;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host {host};
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto https;
        }}
    }}
}}
"""


def nginx(port: int, server_port: int, folder: Path) -> subprocess.Popen[bytes]:
    """Listens on `port`, and passes each request on to `server_port`. Its files are in `folder`."""
    folder.mkdir()
    temporary = "\n    ".join(f"{name}_temp_path {name};" for name in TEMPORARY)
    text = CONFIGURATION.format(temporary=temporary, server_port=server_port, port=port, host=HOST)
    (folder / "nginx.conf").write_text(text)
    command = [str(FOUND), "-p", f"{folder}/", "-c", "nginx.conf", "-e", "error.log"]
    return subprocess.Popen(command, process_group=0)
