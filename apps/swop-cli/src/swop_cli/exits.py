"""Exit codes: the same for every command.

0   done, and nothing is wrong
1   done, but something is wrong: a file could not be read, a strict option was not met
2   not done: the command line, the configuration or the disk does not allow it
"""

from __future__ import annotations

from typing import Final

OK: Final = 0
FINDINGS: Final = 1
FAILED: Final = 2
