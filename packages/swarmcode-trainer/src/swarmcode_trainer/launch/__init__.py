"""Training in more than one process: on several devices, on several machines."""

from .configs import STRATEGIES, Cluster, Strategy, accelerate_config, write_config
from .job import Job, run_job, write_job

__all__ = [
    "STRATEGIES",
    "Cluster",
    "Job",
    "Strategy",
    "accelerate_config",
    "run_job",
    "write_config",
    "write_job",
]
