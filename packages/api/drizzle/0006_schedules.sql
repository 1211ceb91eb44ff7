CREATE TABLE `firings` (
	`id` text PRIMARY KEY NOT NULL,
	`schedule` text NOT NULL,
	`server` text NOT NULL,
	`due_at` integer NOT NULL,
	`merged` integer DEFAULT 0 NOT NULL,
	`state` text NOT NULL,
	`preempted` integer DEFAULT 0 NOT NULL,
	`retry_at` integer,
	`problem` text,
	`run` text,
	`ended_at` integer
) STRICT;
--> statement-breakpoint
CREATE INDEX `firings_by_schedule` ON `firings` (`schedule`,`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `one_waiting_firing` ON `firings` (`schedule`) WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX `firings_by_state` ON `firings` (`state`);--> statement-breakpoint
CREATE TABLE `schedules` (
	`id` text PRIMARY KEY NOT NULL,
	`server` text NOT NULL,
	`name` text NOT NULL,
	`definition` text NOT NULL,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`removed_at` integer,
	`due_at` integer,
	`starts_at` integer
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `one_schedule_per_name` ON `schedules` (`server`,`name`) WHERE removed_at is null;--> statement-breakpoint
CREATE INDEX `schedules_by_start` ON `schedules` (`starts_at`);--> statement-breakpoint
ALTER TABLE `runs` ADD `preempted_by` text;