"""What all tests of screens share."""

from tests.tui.textual_private import quicken

quicken()
