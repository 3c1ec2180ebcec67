"""Exit codes: the same for every command.

0     done, and the answer is yes
1     done, and the answer is no: a check failed, a signature does not hold
2     not done: the command line, the settings, the data or the machine does not allow it
130   stopped by Ctrl-C or SIGTERM; running the same command again goes on
"""

from typing import Final

OK: Final = 0
NO: Final = 1
FAILED: Final = 2
STOPPED: Final = 130
