ALTER TABLE `plans` ADD `request_hash` text;--> statement-breakpoint
CREATE INDEX `plans_by_request` ON `plans` (`request_hash`);