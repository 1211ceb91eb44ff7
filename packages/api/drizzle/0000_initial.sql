CREATE TABLE `api_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`role` text NOT NULL,
	`servers` text,
	`secret_hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`revoked_at` integer
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_secretHash_unique` ON `api_keys` (`secret_hash`);--> statement-breakpoint
CREATE TABLE `approvals` (
	`plan` text NOT NULL,
	`key` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`plan`, `key`)
) STRICT;
--> statement-breakpoint
CREATE TABLE `attempts` (
	`opid` text PRIMARY KEY NOT NULL,
	`run` text NOT NULL,
	`step` integer NOT NULL,
	`direction` text NOT NULL,
	`number` integer NOT NULL,
	`era` integer NOT NULL,
	`intended_at` integer NOT NULL,
	`ended_at` integer,
	`outcome` text,
	`progress` text,
	`request` text,
	`receipt` text
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `one_attempt_per_number` ON `attempts` (`run`,`step`,`direction`,`number`);--> statement-breakpoint
CREATE INDEX `attempts_by_run` ON `attempts` (`run`);--> statement-breakpoint
CREATE TABLE `documents` (
	`sha256` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`bytes` blob NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `events` (
	`seq` integer PRIMARY KEY NOT NULL,
	`bytes` text NOT NULL,
	`leaf` text NOT NULL,
	`at` integer NOT NULL,
	`type` text NOT NULL,
	`server` text,
	`run` text
) STRICT;
--> statement-breakpoint
CREATE INDEX `events_by_run` ON `events` (`run`);--> statement-breakpoint
CREATE INDEX `events_by_server` ON `events` (`server`);--> statement-breakpoint
CREATE TABLE `gates` (
	`run` text NOT NULL,
	`name` text NOT NULL,
	`opened_at` integer NOT NULL,
	`deadline` integer NOT NULL,
	`decided_at` integer,
	`decision` text,
	`note` text,
	`decided_by` text,
	PRIMARY KEY(`run`, `name`)
) STRICT;
--> statement-breakpoint
CREATE TABLE `idempotency` (
	`key` text NOT NULL,
	`principal` text NOT NULL,
	`request_hash` text NOT NULL,
	`status` integer NOT NULL,
	`body` text NOT NULL,
	`location` text,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`principal`, `key`)
) STRICT;
--> statement-breakpoint
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `plans` (
	`id` text PRIMARY KEY NOT NULL,
	`hash` text NOT NULL,
	`server` text NOT NULL,
	`scenario` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`created_by` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `plans_hash_unique` ON `plans` (`hash`);--> statement-breakpoint
CREATE TABLE `runs` (
	`id` text PRIMARY KEY NOT NULL,
	`plan` text NOT NULL,
	`server` text NOT NULL,
	`scenario` text NOT NULL,
	`state` text NOT NULL,
	`started_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`finished_at` integer,
	`cancel_requested_at` integer,
	`era` integer DEFAULT 0 NOT NULL,
	`fence` integer,
	`live_database` text DEFAULT 'unknown' NOT NULL,
	`live_database_at` integer,
	`undone_by` text,
	`trouble` text,
	`problem` text,
	`result` text
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `runs_plan_unique` ON `runs` (`plan`);--> statement-breakpoint
CREATE UNIQUE INDEX `one_active_run_per_server` ON `runs` (`server`) WHERE state in ('queued', 'running', 'waiting', 'needs_operator');--> statement-breakpoint
CREATE TABLE `servers` (
	`name` text PRIMARY KEY NOT NULL,
	`agent_url` text NOT NULL,
	`agent_id` text NOT NULL,
	`agent_key` text NOT NULL,
	`certificate` text NOT NULL,
	`settings` text NOT NULL,
	`created_at` integer NOT NULL
) STRICT;
