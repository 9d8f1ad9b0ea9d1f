import os
import sys
from pathlib import Path

os.environ.setdefault("GLOG_minloglevel", "2")

# The scripts beside the tests are also run by themselves.
sys.path += [str(Path(__file__).parent), str(Path(__file__).parent / "double_grad")]
