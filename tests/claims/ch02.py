"""Chapter 2, PPO for RLHF."""
from tests.claims import Claim

CLAIMS = []
