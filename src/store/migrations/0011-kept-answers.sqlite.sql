-- Answers that were finished for clients that had gone, by the id of their exchange. Few, and too large for the log itself.
CREATE TABLE kept_answer (
  id TEXT PRIMARY KEY,
  answer TEXT NOT NULL
) STRICT;
