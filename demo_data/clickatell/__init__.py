"""A local Clickatell: both APIs on loopback, with virtual phones and scripted faults."""

from demo_data.clickatell.account import Message
from demo_data.clickatell.call_log import Call
from demo_data.clickatell.faults import FaultError
from demo_data.clickatell.server import Clickatell
from demo_data.clickatell.settings import Settings
from demo_data.clickatell.threaded import ThreadedClickatell

__all__ = ["Call", "Clickatell", "FaultError", "Message", "Settings", "ThreadedClickatell"]
