-- What processes on one file tell each other. PostgreSQL has NOTIFY for it.
CREATE TABLE notice (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  channel TEXT NOT NULL,
  payload TEXT NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT;
