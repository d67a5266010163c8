"""How many labels a multi-label model needs: `python -m benchmarks.multi_label [--classifier linear]`.

On the bundled topics: the default strategy and random texts, beside small-text's strategies for several
labels a text (CVIRS, label cardinality inconsistency, adaptive). Stop it at any time: started again, it goes
on from the steps on file.
"""

import argparse
import asyncio

from benchmarks.arms import MANY_LABELS
from benchmarks.labels import add_options, measure
from benchmarks.report import RESULTS


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--arms", nargs="+", choices=MANY_LABELS, default=list(MANY_LABELS), metavar="ARM")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.set_defaults(multi_label=True, data=None, name="topics")
    add_options(parser)
    options = parser.parse_args()
    options.out = options.out or RESULTS / f"multi-label-{options.classifier}"
    asyncio.run(measure(options))


if __name__ == "__main__":
    main()
