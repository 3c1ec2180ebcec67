"""The version of this package; a test compares it with the installed metadata.

Asking `importlib.metadata` instead would cost a tenth of a warm scan.
"""

VERSION = "0.3.0"
