"""Ours as it is, with two more endpoints in the same process: what Ninja and one row cost by themselves."""

from config.settings import *

ROOT_URLCONF = "benchmarks.peers.latchkey.urls"
