"""What the engine can be asked, one file a job; `run(job, emit, cancel, job_id)` returns the result as plain values."""
