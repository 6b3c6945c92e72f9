"""`python -m surefoot` is the same as `surefoot`."""

import sys

from surefoot.cli import main

sys.exit(main())
