"""Stats: every event in ClickHouse."""
