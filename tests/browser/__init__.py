"""Tests that drive JupyterLab in a real Chromium; skipped where there is none."""
