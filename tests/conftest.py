"""What every test stands on."""

from __future__ import annotations

from hypothesis import settings

# A busy machine is no fault of the code: examples are counted, never timed.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")
