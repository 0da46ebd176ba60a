"""The benchmarks fill tables with SQL, which must name each column that has no default in the database."""

import ast
import re
from pathlib import Path

import pytest
from django.db.models import NOT_PROVIDED

from accounts.models import User
from sessions_api.models import Session

BENCHMARKS = Path(__file__).resolve().parents[1]
FILL = (BENCHMARKS / "peers" / "latchkey" / "fill.sql").read_text()
DATABASES = ast.parse((BENCHMARKS / "databases.py").read_text())  # its packages are those of the benchmarks only

pytestmark = pytest.mark.once


@pytest.mark.parametrize("model", [User, Session])
def test_filled_tables_get_each_column_without_a_default(model):
    table = model._meta.db_table
    needed = {
        field.column for field in model._meta.concrete_fields if not field.null and field.db_default is NOT_PROVIDED
    }
    (filled,) = re.findall(rf"INSERT INTO {table}\s+\(([^)]+)\)", FILL)
    (columns,) = (
        ast.literal_eval(node.value)
        for node in DATABASES.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "COLUMNS"
    )
    assert needed <= set(re.split(r",\s*", filled))
    assert needed <= set(columns[table].split(", "))
