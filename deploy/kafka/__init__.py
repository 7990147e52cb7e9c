"""A real Apache Kafka broker (KRaft, one node) for local runs and tests, from Maven artifacts pinned in pom.xml."""
