"""`python -m swarmcode_cli` is `swarmcode`."""

import sys

from .main import main

if __name__ == "__main__":
    sys.exit(main())
