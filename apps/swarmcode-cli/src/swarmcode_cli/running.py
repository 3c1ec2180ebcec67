"""The whole way, one step after another."""

from collections.abc import Iterator

from . import keys, wiring
from .pipeline import Performed
from .progress import Tell
from .settings import Settings


def run_steps(settings: Settings, *, last: str, tell: Tell) -> Iterator[Performed]:
    """Do every step up to one, and yield each as it is done.

    What can be known to be missing is looked for first: nobody should train for a day to learn
    that there is no key to sign with.
    """
    with wiring.workplace(settings) as place:
        wiring.ingest(place)
        if last == "publish":
            keys.signing_key(settings)
        for name, step in wiring.steps(place).items():
            yield place.do(step(), tell)
            if name == last:
                return
