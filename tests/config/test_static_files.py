"""Files that the service and its proxy serve: static ones, by their exact names."""

import re

import pytest

from ..server import ROOT
from ..users import problem

pytestmark = pytest.mark.once


@pytest.mark.asvs("13.4.3")
@pytest.mark.parametrize(
    "path",
    [
        *("/static", "/static/admin", "/static/admin/", "/static/admin/css/", "/static/ninja/"),
        *("/static/admin/../../../config/settings.py", "/static//etc/passwd", "/static/config/settings.py"),
    ],
)
def test_folders_and_files_outside_the_static_ones_are_not_found(server, path):
    answer = server.exchange(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert problem(answer) == (404, "not_found")


@pytest.mark.asvs("13.4.3")
def test_proxy_serves_no_file():
    directives = re.findall(r"^ *([a-z_]+) ", (ROOT / "deploy" / "nginx.conf").read_text(), re.MULTILINE)
    assert "proxy_pass" in directives
    assert not {"root", "alias", "autoindex", "try_files", "index"} & set(directives)
