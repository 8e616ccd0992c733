"""Incidents: what an operator sees of a service in trouble, drawn from a seed, and a judge for what is said about it.

Its one rule: everything that is shown follows from a run of the simulator, and so does everything that is judged.
"""
