-- Ids are compared byte by byte, as in SQLite: the order of time must not depend on the database's language.
CREATE TABLE "key" (
  id TEXT COLLATE "C" PRIMARY KEY,
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  hint TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  revoked_ms BIGINT
);

CREATE TABLE request (
  id TEXT COLLATE "C" PRIMARY KEY,
  key_id TEXT NOT NULL,
  started_ms BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  detail TEXT NOT NULL
);
