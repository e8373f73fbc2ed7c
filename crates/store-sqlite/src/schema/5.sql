-- The queue holds signal requests.
ALTER TABLE queue RENAME COLUMN doorbell TO request;
