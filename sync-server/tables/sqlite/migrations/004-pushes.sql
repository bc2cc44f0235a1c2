-- Pushes of train/* that were let in and have no run yet.
CREATE TABLE pushes (
	id TEXT PRIMARY KEY,
	project TEXT NOT NULL,
	ref TEXT NOT NULL,
	commit_id TEXT NOT NULL,
	by TEXT NOT NULL,
	at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
