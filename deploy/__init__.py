"""Deployment of Heyi: embedded PostgreSQL, Kafka, local supervisor, gateway, local issuer, command line."""
