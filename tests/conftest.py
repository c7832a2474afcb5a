"""What every test relies on: an interruption interrupts, and no CI service says what is new."""

from __future__ import annotations

import os
import signal

# In the background of a script.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
for name in [name for name in os.environ if name.startswith(("GITHUB_", "CI_MERGE_REQUEST_"))]:
    del os.environ[name]
