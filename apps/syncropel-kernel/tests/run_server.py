"""A server with limits that a test can reach: `python run_server.py DB '{"body_s": 0.3}'`.

Prints its address as `syncropel serve --json` does.
"""

import json
import sys
from pathlib import Path

from syncropel.kernel import KernelLimits, SqliteStore
from syncropel_kernel.server import ServerSettings
from syncropel_kernel.server.listen import bind, serve
from syncropel_kernel.server.patience import PatientProtocol
from syncropel_kernel.wiring import make_program

path, options = Path(sys.argv[1]), json.loads(sys.argv[2])
PatientProtocol.head_s = options.pop("head_s", PatientProtocol.head_s)
kernel = KernelLimits(**options.pop("kernel", {}))
store = SqliteStore(path, max_bytes=options.pop("max_bytes", None))
settings = ServerSettings(kernel=kernel, **options)
program = make_program(store, host="127.0.0.1", signed=False, settings=settings)
listener = bind("127.0.0.1", 0)
url = f"http://127.0.0.1:{listener.getsockname()[1]}"
serve(program, listener, ready=lambda: print(json.dumps({"url": url}), flush=True))
