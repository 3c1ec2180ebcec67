"""`python -m swop_cli`: the same as `swop`."""

import sys

from .main import main

sys.exit(main())
