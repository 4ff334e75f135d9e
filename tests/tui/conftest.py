"""What the console's tests share: keys that follow each other as fast as the console takes them."""

from textual import _wait

# Textual's pilot looks every 20 ms whether the console has come to rest, twice a key.
_wait.SLEEP_GRANULARITY = 1 / 250
_wait.SLEEP_IDLE = _wait.SLEEP_GRANULARITY / 20
