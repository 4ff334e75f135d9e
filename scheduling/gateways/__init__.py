"""The gateways that messages go through: a folder for each, and what they share.

`registry` names them; `description` says what a gateway is; `outcome` is what a sender is given and
gives back.
"""
