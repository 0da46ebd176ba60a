"""Tokens without a row: each is used once for each purpose."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.single_use.models import consume_once


@pytest.mark.django_db
def test_token_is_used_once_for_each_purpose():
    expires_at = timezone.now() + timedelta(minutes=10)
    uses = [("state", "a"), ("state", "a"), ("state", "b"), ("ticket", "a"), ("ticket", "a")]
    answers = [consume_once(purpose=purpose, token=token, expires_at=expires_at) for purpose, token in uses]
    assert answers == [True, False, True, True, False]
