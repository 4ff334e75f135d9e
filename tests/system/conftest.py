"""Tests with parts that are not Python: a real sshd, a real browser, JupyterLab, systemd.

`make test-system` installs them and runs these; `make test` needs only Python and passes them over.
"""

import os

collect_ignore_glob = [] if os.environ.get("COMMSDESK_SYSTEM_TESTS") else ["test_*.py"]
