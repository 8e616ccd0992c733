"""Benchmarks: how fast the simulators are, measured beside SimPy in one interleaved run.

`python -m benchmarks` (or `make bench`) runs every topic: a topic is a module here whose name begins with `bench_`.
"""
