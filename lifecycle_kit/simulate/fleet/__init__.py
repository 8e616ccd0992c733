"""Fleets: replicas behind a balancer, what they need, the nodes they run on, and updates, in virtual time.

The names for learners are those of `lifecycle_kit.simulate`; importing this package alone loads nothing.
"""
