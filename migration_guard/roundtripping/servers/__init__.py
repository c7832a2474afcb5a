"""The servers that a round trip can run on: private ones, a given one, Docker. Each makes and drops databases."""
