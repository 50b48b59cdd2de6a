"""What tests of Reenact's plugins inherit."""

import pytest

pytest.register_assert_rewrite("pytest_reenact.conformance")
