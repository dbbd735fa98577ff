"""Where things lie in the tree."""

import os
import pathlib

TREE = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = TREE / "tests" / "fixtures"
JARS = pathlib.Path(os.environ.get("SLUICE_JARS", TREE / ".deps" / "jars"))
BINARY = pathlib.Path(os.environ.get("SLUICE_BIN", TREE / "build" / "sluice"))
