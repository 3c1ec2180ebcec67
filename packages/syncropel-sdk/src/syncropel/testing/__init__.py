"""Testing an adapter without a server: the real kernel, in memory, behind the real client.

The pytest fixtures are in `syncropel.testing.fixtures`:
`pytest_plugins = ["syncropel.testing.fixtures"]` in a `conftest.py`.
"""

from ._mock import MockKernel
from ._transport import KernelTransport

__all__ = ["KernelTransport", "MockKernel"]
