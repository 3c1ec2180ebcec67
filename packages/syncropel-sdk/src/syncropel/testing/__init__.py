"""Testing an adapter without a server: the real kernel, in memory, behind the real client.

`MockKernel` needs no socket. `LoopbackServer` puts the same kernel on a real one, and can be
told to misbehave. The pytest fixtures are in `syncropel.testing.fixtures`:
`pytest_plugins = ["syncropel.testing.fixtures"]` in a `conftest.py`.
"""

from ._mock import MockKernel
from ._server import LoopbackServer, Misbehave
from ._stores import StoreAcceptance
from ._transport import KernelTransport
from ._vectors import Offer, check_offer, offers

__all__ = [
    "KernelTransport",
    "LoopbackServer",
    "Misbehave",
    "MockKernel",
    "Offer",
    "StoreAcceptance",
    "check_offer",
    "offers",
]
