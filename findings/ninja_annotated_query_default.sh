#!/usr/bin/env bash
# django-ninja 1.7: a default of a query parameter is lost where its type is Annotated with a constraint.
set -euo pipefail
cat <<'CLAIM'
Claim: with django-ninja 1.7.1, `number: Query[int] = 5` is optional, and a call without it gets 5.
`number: Query[Annotated[int, Ge(1)]] = 5` is required: a call without it gets 422 `missing`, and OpenAPI says
`required: true`. With `Query[Annotated[int, Ge(1)] | None] = None`, or in a Schema, the default counts again.
CLAIM
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check "django==5.2.19" "django-ninja==1.7.1" "pydantic==2.14.3"
cat > "$folder/try.py" <<'PY'
from typing import Annotated

import django
from annotated_types import Ge
from django.conf import settings

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="only-for-this-script")
django.setup()

from django.test import Client
from django.urls import path
from ninja import NinjaAPI, Query, Schema
from pydantic import Field

api = NinjaAPI()


class Page(Schema):
    number: int = Field(5, ge=1)


@api.get("/plain")
def plain(request, number: Query[int] = 5):
    return number


@api.get("/annotated")
def annotated(request, number: Query[Annotated[int, Ge(1)]] = 5):
    return number


@api.get("/optional")
def optional(request, number: Query[Annotated[int, Ge(1)] | None] = None):
    return number


@api.get("/schema")
def schema(request, page: Query[Page]):
    return page.number


urlpatterns = [path("", api.urls)]
seen = {}
for name in ("plain", "annotated", "optional", "schema"):
    answer = Client().get(f"/{name}")
    (parameter,) = api.get_openapi_schema()["paths"][f"/{name}"]["get"]["parameters"]
    said = answer.json() if answer.status_code == 200 else answer.json()["detail"][0]["type"]
    seen[name] = [answer.status_code, said, parameter["required"]]
    print(name, *seen[name])
expected = {
    "plain": [200, 5, False],
    "annotated": [422, "missing", True],
    "optional": [200, None, False],
    "schema": [200, 5, False],
}
assert seen == expected, "The behaviour has changed."
PY
"$folder/venv/bin/python" "$folder/try.py"
echo "As claimed."
