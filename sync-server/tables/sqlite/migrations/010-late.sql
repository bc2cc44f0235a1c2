-- What a lead decided on a submission that came after its batch was closed, and why.
CREATE TABLE late_decisions (
	project TEXT NOT NULL,
	submission TEXT NOT NULL,
	is_taken INTEGER NOT NULL,
	by TEXT NOT NULL,
	at TEXT NOT NULL,
	reason TEXT,
	PRIMARY KEY (project, submission)
) STRICT, WITHOUT ROWID;
CREATE INDEX submissions_late ON submissions (project, at, id) WHERE is_late = 1;
