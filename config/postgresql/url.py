"""The URL of a PostgreSQL: all that libpq understands, in its own spellings, refused at start where libpq would refuse.

See "Connection URIs" in PostgreSQL's manual. psycopg is imported in functions: with SQLite nothing needs it.
"""

import os
import socket
from typing import Any

OF_DJANGO = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}


def parse(url: str) -> dict[str, Any]:
    """Django's settings for this URL; OPTIONS has all that Django has no name for.

    Raises ValueError, whose text says what is wrong and repeats no value.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        params: dict[str, Any] = conninfo_to_dict(url)
    except ProgrammingError:
        raise ValueError("is not a valid URL, or has a parameter that libpq does not know") from None
    if not is_valid(params):
        raise ValueError(f"has an invalid {wrong_parameter(params)}")
    if service := params.get("service") or os.environ.get("PGSERVICE", ""):
        params["service"] = service  # its file may name the database, so the user is no default here
    else:
        params.setdefault("dbname", os.environ.get("PGDATABASE") or params.get("user", ""))
    if not (params.get("dbname") or service):
        raise ValueError("names no database")
    return {name: params.pop(param, "") for name, param in OF_DJANGO.items()} | {"OPTIONS": params}


def wrong_parameter(params: dict[str, Any]) -> str:
    """The name of the parameter without which all others are valid; several if they exclude each other."""
    wrong = [name for name in params if is_valid({other: params[other] for other in params if other != name})]
    return " or ".join(wrong) or "combination of parameters"


def is_valid(params: dict[str, Any]) -> bool:
    """Whether libpq accepts these values.

    libpq checks them when it begins to connect, and before it sends anything. So it begins to connect here, to a socket
    of our own in place of each host.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import make_conninfo, timeout_from_conninfo
    from psycopg.pq import ConnStatus, PGconn

    host, ports = params.get("host", "localhost"), params.get("port", "").split(",")
    if not all(port == "" or (port.isdecimal() and 0 < int(port) < 2**16) for port in ports):
        return False
    with socket.create_server(("127.0.0.1", 0)) as ours:
        address, port = ours.getsockname()
        addresses, ours_only = params.get("hostaddr", host).split(","), [str(port)] * len(ports)
        here = {"host": host, "hostaddr": ",".join([address] * len(addresses)), "port": ",".join(ours_only)}
        try:
            timeout_from_conninfo(params)
            connection = PGconn.connect_start(make_conninfo(**params | here).encode())
        except ProgrammingError:
            return False
        try:
            return connection.status != ConnStatus.BAD
        finally:
            connection.finish()
