"""What a reader wants to see beaten."""
