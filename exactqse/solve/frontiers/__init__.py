"""Leaders who remember, for gamma > 0 and finite eta: frontiers of (v, W), backward.

A place's memories offer the follower v = eta V and the leader W; with public lotteries over them
all that matters is the upper right and upper left of their hull. Inner frontiers are achieved,
outer ones proved; both are polylines, refined where the solution uses them.
"""
