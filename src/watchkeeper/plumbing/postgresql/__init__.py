"""Django's PostgreSQL, with deadlines that hold when the server is frozen, and a reserve."""
