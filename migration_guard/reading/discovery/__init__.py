"""Which files there are, and which of them form one history. Opens folders and git, and parses no Python."""
