"""What a session shows of itself: its lines of JSON, its words, its live table."""
