"""Setting a project up, looking after it, and guarding its commits."""

from .hook import HookResult, hook_status, install_hook, uninstall_hook
from .init import InitResult, init_project

__all__ = [
    "HookResult",
    "InitResult",
    "hook_status",
    "init_project",
    "install_hook",
    "uninstall_hook",
]
