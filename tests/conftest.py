"""One Hypothesis profile for all tests: no deadlines, since nothing here is a timing test.

And Ctrl-C works, also for processes that tests start: a shell that runs the tests in the background
would have them ignore it.
"""

import signal

from hypothesis import HealthCheck, Phase, settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

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
