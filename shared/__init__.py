"""What every service of Heyi builds on; imports nothing of the services."""
