"""Spread: one piece of work after another done by processes of this machine or by the workers of a cluster; never another result."""
