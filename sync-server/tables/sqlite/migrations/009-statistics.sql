-- What a well-filled database looks like, said once instead of measured. Without it SQLite takes `project = ?` for
-- as telling as an item and walks through a whole project by its primary key, where an index would find one row.
-- Numbers: rows in all, then rows that share the first column of the index, the first two, …
ANALYZE;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('items', 'items', '200000 50000 1'),
	('items', 'items_in_order', '200000 50000 1'),
	('items', 'items_by_standing', '200000 50000 12000 6000 1'),
	('items', 'items_by_shard', '200000 50000 25 1'),
	('items', 'items_by_revision', '200000 50000 20'),
	('items', 'items_by_import', '200000 20000'),
	('items', 'items_answered', '100000 25000 10'),
	('item_media', 'item_media', '50000 12000 2 1'),
	('submissions', 'submissions', '200000 50000 1'),
	('submissions', 'submissions_by_item', '200000 50000 2'),
	('submissions', 'submissions_by_batch', '150000 100 2'),
	('submissions', 'submissions_by_import', '50000 10000'),
	('submissions', 'submissions_by_person', '200000 50000 5000'),
	('submissions', 'submissions_of_people', '150000 40000 4000 1 1 1'),
	('verdicts', 'verdicts', '100000 25000 2 1'),
	('verdicts', 'verdicts_by_item', '100000 25000 2'),
	('batches', 'batches', '2000 1'),
	('batches', 'batches_of_project', '2000 500 1'),
	('batch_items', 'batch_items', '200000 100 1'),
	('batch_items', 'batch_items_by_item', '200000 50000 2 1'),
	('batch_members', 'batch_members', '3000 2 1'),
	('batch_members', 'batch_members_by_user', '3000 100'),
	('blobs', 'blobs', '50000 12000 1'),
	('predictions', 'predictions', '500000 100000 20000 1'),
	('predictions', 'predictions_by_confidence', '500000 100000 20000 4 1'),
	('changes', 'changes_of_project', '200000 20000 1'),
	('members', 'members', '200 20 1'),
	('members', 'members_by_user', '200 3');
ANALYZE sqlite_schema;
