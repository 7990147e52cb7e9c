"""What services tell each other: the payloads of events, within a version only ever extended."""
