"""A DATABASE_URL with parameters of libpq leads to real connections."""

import ssl
from concurrent.futures import ThreadPoolExecutor
from socket import create_server

import psycopg
import pytest
import trustme
from django.db import connection

from config.postgresql.base import DatabaseWrapper
from config.postgresql.url import parse


def connect(url):
    """A connection as the service makes it, outside its pool."""
    of_service = {**connection.settings_dict, **parse(url)}
    return psycopg.connect(**DatabaseWrapper(of_service).get_connection_params())


@pytest.fixture
def place(db):
    """Where the database of the tests is, as it is written in a URL."""
    host, name, user = (connection.settings_dict[key] for key in ("HOST", "NAME", "USER"))
    return {"host": host, "dbname": name, "user": user}


@pytest.mark.postgres
def test_database_url_names_several_hosts(place):
    nowhere = "/nowhere"
    for host in (f"{nowhere},{place['host']}", f"{place['host']},{nowhere}"):
        url = f"postgresql:///{place['dbname']}?host={host}&user={place['user']}&target_session_attrs=read-write"
        with connect(url) as found:
            assert found.info.host == place["host"]


@pytest.mark.postgres
def test_database_url_names_a_service_of_libpq(place, tmp_path, monkeypatch):
    lines = [f"{name}={value}" for name, value in (place | {"application_name": "from the service"}).items()]
    (tmp_path / "services").write_text("\n".join(["[latchkey]", *lines, ""]))
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    with connect("postgres://?service=latchkey") as found:
        assert found.info.dbname == place["dbname"]
        assert found.info.parameter_status("application_name") == "from the service"


@pytest.mark.once
def test_database_url_names_the_authority_of_a_verified_certificate(tmp_path):
    """The server of this test ends after the first bytes of TLS. libpq sends no user to a server that it refuses."""
    ours, foreign = trustme.CA(), trustme.CA()
    ours.cert_pem.write_to_path(tmp_path / "ours.pem")
    foreign.cert_pem.write_to_path(tmp_path / "foreign.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.issue_cert("localhost").configure_cert(context)

    def greet(server):
        client, _ = server.accept()
        client.settimeout(5)
        client.recv(8)  # the SSLRequest
        client.sendall(b"S")
        try:
            with context.wrap_socket(client, server_side=True) as encrypted:
                return encrypted.recv(100)
        except ssl.SSLError:
            return b""

    with create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as thread:
        port = server.getsockname()[1]
        for authority, accepted in (("ours", True), ("foreign", False)):
            received = thread.submit(greet, server)
            url = f"postgres://alice@localhost:{port}/latchkey?hostaddr=127.0.0.1&sslmode=verify-full"
            with pytest.raises(psycopg.OperationalError) as failure:
                connect(f"{url}&sslrootcert={tmp_path}/{authority}.pem")
            assert (b"alice" in received.result()) is accepted
            assert ("certificate verify failed" in str(failure.value)) is not accepted
