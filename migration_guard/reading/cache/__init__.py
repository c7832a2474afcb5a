"""What was read and found the last time, kept on disk. Parses nothing."""
