"""What members show to have done: claims that staff approve, and visits that a place or a code vouches for."""
