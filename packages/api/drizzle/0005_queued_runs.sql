DROP INDEX `one_active_run_per_server`;--> statement-breakpoint
CREATE UNIQUE INDEX `one_active_run_per_server` ON `runs` (`server`) WHERE state in ('running', 'waiting', 'needs_operator');