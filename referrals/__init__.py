"""Friends who bring friends: codes, who brought whom, the signals that hold a reward back, and the queue for staff."""
