"""Property tests state laws, not speeds: the time of an example decides nothing."""

from hypothesis import settings

settings.register_profile("laws", deadline=None)
settings.load_profile("laws")
