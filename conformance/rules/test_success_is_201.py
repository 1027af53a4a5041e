"""Rule `success-is-201`: what is done is answered 201. Judged on every answer of a run, besides."""

import pytest

from conformance import expect
from conformance.evidence import Exchange


@pytest.mark.deciding
def test_reopening(done: Exchange) -> None:
    expect.status(done, 201)
