"""One Hypothesis profile for all tests: no deadlines, since nothing here is a timing test."""

from hypothesis import settings

settings.register_profile("exactqse", deadline=None, print_blob=True)
settings.load_profile("exactqse")
