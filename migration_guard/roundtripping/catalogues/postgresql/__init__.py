"""PostgreSQL's catalogue: what is asked, what the answers mean, and when they need not be asked again."""
