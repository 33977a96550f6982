-- The operator's own documents, for the local search backend. A collection is one folder or one site.
CREATE TABLE document_collection (
  name TEXT PRIMARY KEY,
  -- Absolute path of the folder, or address of the site map.
  source TEXT NOT NULL,
  -- Below which the files of a folder have their addresses.
  base_url TEXT,
  refreshed_ms BIGINT NOT NULL
);

CREATE TABLE document (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  url TEXT NOT NULL UNIQUE,
  -- A refresh removes what vanished from its own collection only.
  collection TEXT NOT NULL REFERENCES document_collection (name),
  host TEXT NOT NULL,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  -- Of the source and of how it was read: equal means that nothing is to be done.
  hash TEXT NOT NULL,
  changed_ms BIGINT,
  indexed_ms BIGINT NOT NULL
);

CREATE INDEX document_by_collection ON document (collection);

CREATE TABLE passage (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  document_id BIGINT NOT NULL REFERENCES document (id) ON DELETE CASCADE,
  text TEXT NOT NULL,
  -- Stems of the words that the program has cut, those of the title with the weight A.
  words TSVECTOR NOT NULL
);

CREATE INDEX passage_by_document ON passage (document_id);
CREATE INDEX passage_by_words ON passage USING gin (words);

-- The stem of one word; a word that the dictionary would leave out stays as it is.
CREATE FUNCTION document_stem(word TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT coalesce((ts_lexize('english_stem', word))[1], word)
$$;

-- Words in order, with their places. They hold letters, marks, numbers, and `_ . , :` alone, so that nothing in them is syntax.
CREATE FUNCTION document_words(words TEXT[], weight TEXT) RETURNS TSVECTOR LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT coalesce(string_agg('''' || document_stem(w.word) || ''':' || least(w.place, 16383) || weight, ' '), '')::tsvector
  FROM unnest(words) WITH ORDINALITY AS w (word, place) WHERE w.word <> ''
$$;
