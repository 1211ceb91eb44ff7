CREATE TABLE `database_names` (
	`server` text NOT NULL,
	`oid` integer NOT NULL,
	`name` text NOT NULL,
	`last_seen_at` integer NOT NULL,
	PRIMARY KEY(`server`, `oid`)
) STRICT;
--> statement-breakpoint
CREATE TABLE `relation_names` (
	`server` text NOT NULL,
	`database` integer NOT NULL,
	`oid` integer NOT NULL,
	`file` text NOT NULL,
	`schema` text NOT NULL,
	`name` text NOT NULL,
	`kind` text NOT NULL,
	`owner` integer,
	`rows` integer,
	`last_seen_at` integer NOT NULL,
	PRIMARY KEY(`server`, `database`, `oid`, `file`)
) STRICT;
--> statement-breakpoint
CREATE INDEX `relation_names_by_file` ON `relation_names` (`server`,`file`);--> statement-breakpoint
CREATE TABLE `wal_points` (
	`server` text NOT NULL,
	`timeline` integer NOT NULL,
	`position` integer NOT NULL,
	`number` integer NOT NULL,
	`held` text NOT NULL,
	`kind` text NOT NULL,
	`data` text NOT NULL,
	PRIMARY KEY(`server`, `timeline`, `position`, `kind`)
) STRICT;
--> statement-breakpoint
CREATE TABLE `wal_segments` (
	`server` text NOT NULL,
	`timeline` integer NOT NULL,
	`number` integer NOT NULL,
	`held` text NOT NULL,
	`commits` integer NOT NULL,
	`aborts` integer NOT NULL,
	`latest_end` integer,
	`earliest` integer,
	`latest` integer,
	`xid_min` integer,
	`xid_max` integer,
	`first_commit` text,
	`last_commit` text,
	`commits_by_time` text NOT NULL,
	`omitted` text NOT NULL,
	`file` text NOT NULL,
	`carry` text,
	PRIMARY KEY(`server`, `timeline`, `number`, `held`)
) STRICT;
--> statement-breakpoint
CREATE INDEX `wal_segments_by_time` ON `wal_segments` (`server`,`timeline`,`number`,`latest_end`,`commits`);--> statement-breakpoint
CREATE INDEX `wal_segments_by_xid` ON `wal_segments` (`server`,`xid_min`,`xid_max`);--> statement-breakpoint
CREATE TABLE `wal_servers` (
	`server` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`backups` text DEFAULT '[]' NOT NULL,
	`backups_mark` text,
	`backups_at` integer,
	`observed_at` integer,
	`problem` text,
	`problem_at` integer
) STRICT;
--> statement-breakpoint
CREATE TABLE `wal_transactions` (
	`server` text NOT NULL,
	`timeline` integer NOT NULL,
	`position` integer NOT NULL,
	`number` integer NOT NULL,
	`held` text NOT NULL,
	`xid` integer NOT NULL,
	`time` integer NOT NULL,
	`rows` integer NOT NULL,
	`work` text NOT NULL,
	PRIMARY KEY(`server`, `timeline`, `position`)
) STRICT;
--> statement-breakpoint
CREATE INDEX `wal_transactions_by_time` ON `wal_transactions` (`server`,`time`);