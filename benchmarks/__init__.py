"""Programs that measure rtstart beside its peers; not tests."""
