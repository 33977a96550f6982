-- The operator's own documents, for the local search backend. A collection is one folder or one site.
CREATE TABLE document_collection (
  name TEXT PRIMARY KEY,
  -- Absolute path of the folder, or address of the site map.
  source TEXT NOT NULL,
  -- Below which the files of a folder have their addresses.
  base_url TEXT,
  refreshed_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE document (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL UNIQUE,
  -- A refresh removes what vanished from its own collection only.
  collection TEXT NOT NULL REFERENCES document_collection (name),
  host TEXT NOT NULL,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  -- Of the source and of how it was read: equal means that nothing is to be done.
  hash TEXT NOT NULL,
  changed_ms INTEGER,
  indexed_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX document_by_collection ON document (collection);

CREATE TABLE passage (
  id INTEGER PRIMARY KEY,
  document_id INTEGER NOT NULL REFERENCES document (id),
  text TEXT NOT NULL
) STRICT;

CREATE INDEX passage_by_document ON passage (document_id);

-- Holds words that the program has cut already, separated by spaces: versions keep their points, CJK runs are pairs.
CREATE VIRTUAL TABLE passage_words USING fts5 (
  title,
  body,
  tokenize = "porter unicode61 remove_diacritics 2 categories 'L* M* N* Co' tokenchars '_.,:'"
);
