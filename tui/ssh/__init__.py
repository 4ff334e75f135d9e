"""Operators over OpenSSH: who may log in, what a session may do, and how sshd is set up for it."""
