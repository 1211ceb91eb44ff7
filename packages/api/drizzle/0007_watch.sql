CREATE TABLE `deliveries` (
	`id` text PRIMARY KEY NOT NULL,
	`channel` text NOT NULL,
	`event` integer,
	`type` text NOT NULL,
	`server` text,
	`body` text NOT NULL,
	`state` text NOT NULL,
	`tries` integer DEFAULT 0 NOT NULL,
	`next_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`delivered_at` integer,
	`error` text
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `one_delivery_per_event` ON `deliveries` (`channel`,`event`);--> statement-breakpoint
CREATE INDEX `deliveries_pending` ON `deliveries` (`state`,`next_at`);--> statement-breakpoint
CREATE TABLE `disabled_channels` (
	`channel` text PRIMARY KEY NOT NULL,
	`fingerprint` text NOT NULL,
	`disabled_at` integer NOT NULL,
	`reason` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `server_findings` (
	`server` text NOT NULL,
	`code` text NOT NULL,
	`severity` text NOT NULL,
	`since` integer NOT NULL,
	PRIMARY KEY(`server`, `code`)
) STRICT;
