"""Learners over finite classes: MLE-GOLF, MLE-BCP, OMLE, PMLE."""
