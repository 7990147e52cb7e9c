"""Events between services: outbox, relay, the two buses, consumers with inbox, order and parking (contracts §6)."""
