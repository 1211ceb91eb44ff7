ALTER TABLE `wal_segments` ADD `omitted_transactions` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `wal_segments` ADD `omitted_rows_max` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `wal_segments_omitted` ON `wal_segments` (`server`,`latest`,`earliest`,`omitted_transactions`,`omitted_rows_max`);--> statement-breakpoint
CREATE INDEX `wal_segments_by_held` ON `wal_segments` (`server`,`held`,`commits`);--> statement-breakpoint
CREATE INDEX `wal_points_by_segment` ON `wal_points` (`server`,`timeline`,`number`);--> statement-breakpoint
CREATE INDEX `wal_points_by_held` ON `wal_points` (`server`,`held`);--> statement-breakpoint
CREATE INDEX `wal_transactions_by_segment` ON `wal_transactions` (`server`,`timeline`,`number`);--> statement-breakpoint
CREATE INDEX `wal_transactions_by_held` ON `wal_transactions` (`server`,`held`);--> statement-breakpoint
UPDATE `wal_segments` SET `omitted_transactions` = json_extract(`omitted`, '$.transactions'), `omitted_rows_max` = json_extract(`omitted`, '$.rowsMax');--> statement-breakpoint
ALTER TABLE `wal_segments` DROP COLUMN `omitted`;
