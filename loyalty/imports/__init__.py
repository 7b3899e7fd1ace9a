"""Files of events and members: kept, checked, looked over before anything is booked, and brought in chunk by chunk."""
