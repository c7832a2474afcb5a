"""What a call asks of the database: op.*, batch_op.*, connections and SQLAlchemy's constructs, as operations."""
