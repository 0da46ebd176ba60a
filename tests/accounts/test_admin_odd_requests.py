"""Each address of the admin answers odd queries and forms, as a page, a redirect or a refusal, and with no error."""

import pytest
from django.contrib import admin as django_admin

from .test_admin_walk import actions, address, rows, targets, undone  # noqa: F401 (a fixture)

pytestmark = pytest.mark.once

ALLOWED = {200, 302, 400, 403, 404, 405, 409}
VALUES = [
    "",
    "abc",
    "\0",
    "-1",
    "99999999999999999999999",
    "1" * 5000,
    "%",
    "'",
    "é\ud83d\ude00".encode("utf-8", "replace"),
]
NAMES = [
    "q",
    "p",
    "o",
    "e",
    "all",
    "_popup",
    "_to_field",
    "_facets",
    "_changelist_filters",
    "unknown",
    "id",
    "pk",
    "user",
    "user__id__exact",
    "id__exact",
    "links__id",
    "social_auth__id",
    "sessions__id",
    "pk__in",
    "id__in",
    "is_active__exact",
    "is_staff__exact",
    "is_superuser__exact",
    "verified",
    "state",
    "method",
    "tag",
    "provider",
    "type__exact",
    "created_at__gte",
    "created_at__year",
    "last_login__date",
    "email__regex",
    "name__regex",
    "groups__id__exact",
    "permissions__id__exact",
    "user__isnull",
    "is_active__isnull",
    "type__isnull",
]
OWN = {"q", "p", "o", "e", "all"}  # parameters that the list itself reads
CHOSEN = [[], [""], ["abc"], ["\0"], ["9" * 40], ["1" * 5000], ["00000000-0000-0000-0000-000000000000"]]
MORE = [
    {"post": "yes"},
    {"select_across": "abc", "post": "no"},
    {"user": "\0"},
    {"index": "abc"},
    {"index": "-1"},
    {"number": "\0", "select_across": "1"},
]
READ_BY_PAGES = ("_popup", "_to_field", "_changelist_filters", "unknown")
KEYS = ["0", "abc", "%00", "9" * 40, "_5F", "..", "a" * 3000, "00000000-0000-0000-0000-000000000000"]


def registered():
    return [pytest.param(model, id=model._meta.label) for model in django_admin.site._registry]


@pytest.mark.asvs("16.5.1")
@pytest.mark.parametrize("model", registered())
def test_admin_lists_answer_odd_queries(admin, targets, model):  # noqa: F811
    admin.raise_request_exception = False
    path = address(model, "changelist")
    asked = [(name, value) for name in NAMES for value in (VALUES if name in OWN else ("abc", "\0", "9" * 23))]
    answered = {(name, str(value)[:20]): admin.get(path, {name: value}).status_code for name, value in asked}
    assert {asked: status for asked, status in answered.items() if status not in ALLOWED} == {}


@pytest.mark.parametrize("model", registered())
def test_admin_pages_answer_odd_keys_queries_and_forms(admin, targets, model):  # noqa: F811
    admin.raise_request_exception = False
    changelist, answered = address(model, "changelist"), {}
    for key in KEYS:
        for page in ("change/", "delete/", "history/", "", "unknown/"):
            for call in (admin.get, admin.post):
                answered[call.__name__, key[:40], page] = call(f"{changelist}{key}/{page}").status_code
    row = rows(model, targets["plain"])[0]
    for page in ("change", "history", "delete"):
        for name in READ_BY_PAGES:
            for value in ("", "abc\0"):
                answered[page, name, value] = admin.get(address(model, page, row.pk), {name: value}).status_code
    for name in READ_BY_PAGES:
        answered["add", name] = admin.get(address(model, "add"), {name: "abc\0"}).status_code
    for form in (
        {},
        {"email": "\0"},
        {"name": "\0", "permissions": ["abc", "\0"]},
        {"_popup": "1"},
        {"_saveasnew": "1"},
        {"_to_field": "x"},
        {"groups": "x", "initial-email": "\0"},
    ):
        answered["add", str(form)] = admin.post(address(model, "add"), form).status_code
        answered["change", str(form)] = admin.post(address(model, "change", row.pk), form).status_code
    assert {asked: status for asked, status in answered.items() if status not in ALLOWED} == {}


@pytest.mark.parametrize("model", registered())
def test_admin_actions_answer_odd_forms(admin, targets, model):  # noqa: F811
    admin.raise_request_exception = False
    path, answered = address(model, "changelist"), {}
    row = rows(model, targets["plain"])[0]
    names = [*actions(django_admin.site._registry[model]), "", "unknown", "\0"]
    for name in names:
        some = [{"_selected_action": chosen} for chosen in CHOSEN]
        some += [{"_selected_action": keys} | more for more in MORE for keys in (["abc"], [str(row.pk)])]
        for form in some:
            with undone():
                answered[name, str(form)[:99]] = admin.post(path, {"action": name} | form).status_code
    for form in ({"_save": "1"}, {"_save": "1", "form-TOTAL_FORMS": "abc"}, {"index": "9"}):
        answered[str(form)] = admin.post(path, form).status_code
    assert {asked: status for asked, status in answered.items() if status not in ALLOWED} == {}


def test_admin_other_addresses_answer_odd_requests(admin, user):
    admin.raise_request_exception = False
    paths = [
        "/admin/autocomplete/",
        "/admin/jsi18n/",
        "/admin/unknown/",
        "/admin/accounts/",
        "/admin/r/1/x/",
        f"/admin/r/3/{user.pk}/",
        "/admin/r/99999/1/",
        "/admin/r/%00/1/",
        "/admin/login/?next=%00",
        "/admin/logout/",
        "/admin/password_change/done/",
        "/admin/login/?next=//example.org",
        "/admin/r/999999999999999999999999/1/",
        f"/admin/accounts/user/{user.pk}/password/",
        "/admin/doc/",
        "/admin/%00/",
        "/admin//",
    ]
    paths += [
        f"/admin/autocomplete/?{query}"
        for query in (
            "term=a",
            "app_label=accounts",
            "app_label=accounts&model_name=user&field_name=groups",
            "app_label=accounts&model_name=user&field_name=groups&term=%00",
            "app_label=accounts&model_name=user&field_name=x&term=a",
            "app_label=x&model_name=x&field_name=x&p=abc",
        )
    ]
    answered = {(call.__name__, path): call(path).status_code for path in paths for call in (admin.get, admin.post)}
    assert {asked: status for asked, status in answered.items() if status not in ALLOWED} == {}
