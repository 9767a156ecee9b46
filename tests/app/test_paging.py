"""A run that ends by an error, begun or not, pages: the same words once, whatever the process."""

import pytest

from gpt_trader.app.paging import TWICE, page_failure
from gpt_trader.config.load import load_profile
from gpt_trader.errors import AuthError, LockedError, Unavailable
from tests.observe.test_notify import service


def test_an_error_pages_once_by_words_also_across_processes(tmp_path):
    errors = [
        AuthError("the key is wrong"),
        AuthError("the key is wrong"),
        Unavailable("status 503"),
        LockedError("another instance runs"),
        KeyboardInterrupt(),
    ]
    with service() as (address, asked):
        settings = load_profile("dev", env={}, flags={"alerts.webhook_url": address}).settings
        for error in errors:
            with pytest.raises(type(error)), page_failure(settings, tmp_path):
                raise error
    told = [document["text"].partition(": ")[2] for _, document in asked]
    assert told == ["ended: the key is wrong", "ended: status 503", TWICE]
    assert {document["level"] for _, document in asked} == {"page"}
