"""Learners held against the truth: regret and suboptimality as enclosures, verdicts, slopes."""
