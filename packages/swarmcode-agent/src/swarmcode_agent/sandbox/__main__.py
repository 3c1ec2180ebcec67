"""Say which rung of the isolation ladder is in force here: `python -m swarmcode_agent.sandbox`."""

import sys

from .ladder import ladder, report


def main(arguments: list[str]) -> int:
    """Print the ladder; 1 where commands would be refused. `--image NAME` tries containers too."""
    image = arguments[1] if arguments[:1] == ["--image"] and len(arguments) > 1 else None
    statuses = ladder(image=image)
    sys.stdout.write(report(statuses))
    return 0 if any(status.works for status in statuses) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
