"""Learners against a myopic follower with linear (tabular) rewards: MLE-OVI and MLE-PVI."""
