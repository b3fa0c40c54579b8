"""Entry point of `python -m sandbox`."""

import signal
import sys
from importlib import import_module

if __name__ == "__main__":
    # Until the command line is ready to say something better, Ctrl-C just ends this: loading it takes a moment.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(import_module("sandbox.cli").main())
