"""Children: started, watched, read and ended. The only place that knows honcho."""
