"""One Hypothesis profile for all tests: no deadlines, since nothing here is a timing test."""

from hypothesis import HealthCheck, Phase, settings

settings.register_profile("exactqse", deadline=None, print_blob=True)
# of mutants: the same examples in every run, and no time spent on making a failure small
settings.register_profile(
    "mutation",
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],  # a busy machine kills no mutant
)
settings.load_profile("exactqse")
