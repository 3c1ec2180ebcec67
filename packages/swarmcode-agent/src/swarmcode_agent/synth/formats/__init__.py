"""What a row can be written as, beside the published JSONL."""

from .chat import chat_row
from .harbor import write_harbor_task
from .swebench import swebench_row

__all__ = ["chat_row", "swebench_row", "write_harbor_task"]
