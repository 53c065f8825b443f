"""The processed template for all tests of this folder."""

import pytest

from tests.template.processed import Template


@pytest.fixture(scope="session")
def template() -> Template:
    """Give the main template with the defaults of all parameters."""
    return Template()
