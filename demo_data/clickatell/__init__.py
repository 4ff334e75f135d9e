"""A local Clickatell: both APIs on loopback, with virtual phones and scripted faults."""
