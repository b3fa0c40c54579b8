"""What the engine starts for `--policy-pack policy`, from whatever folder its own program is in."""

import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import_module("policy.analyzer").serve()
