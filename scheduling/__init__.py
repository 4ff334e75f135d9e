"""What happens without a person: the engine and the senders."""
