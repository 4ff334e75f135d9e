"""The two Clickatell APIs: build a request, read the answer, return one outcome per message."""
