"""Where editing models live: in this process, or in a worker process that a daemon talks to."""
