"""The error tables of both APIs: what the local Clickatell says when it refuses."""

# Clickatell One API errors table: code -> (HTTP status, description). `{}` takes the detail.
ONE_API: dict[int, tuple[int, str]] = {
    1: (401, "Invalid or missing integration API Key"),
    2: (400, "Account is not active"),
    3: (400, "Integration is not active"),
    7: (401, "Originating IP address is not approved in your account"),
    18: (500, "Internal error"),
    19: (503, "Internal error, please retry"),
    20: (402, "Insufficient account balance"),
    21: (400, "Payload data is malformed"),
    22: (400, "Maximum messages per request payload exceeded"),
    23: (400, "Invalid or missing parameter: {}"),
    24: (400, "Maximum message content size exceeded"),
    25: (400, "Invalid recipient address: {}"),
    26: (400, "Recipient opted out"),
    27: (400, "Recipient not available on channel"),
    28: (400, "Recipient not available on sandbox"),
    30: (400, "Content type not supported"),
    31: (400, "Media file size exceeds limit of 20 MB"),
    32: (400, "Media payload size exceeds limit of 20 MB"),
    33: (400, "Media item not found"),
    38: (400, "Channel/feature is not active on integration"),
    39: (400, "Channel is not available on integration"),
    40: (400, "Character set is not supported: {}"),
    41: (404, "Resource does not exist"),
    42: (400, "HTTP method is not supported on this resource"),
    43: (400, "Rate limit"),
    44: (400, "FROM number is suspended"),
    45: (400, "FROM number is not related to integration"),
    46: (400, "Demo access has expired"),
    100: (400, "Maximum message parts exceeded"),
    101: (400, "Destination does not support two-way messaging"),
    110: (400, "USA country limit: must use two-way integration"),
    111: (400, "USA country limit: must enable STOP/SUBSCRIBE commands on integration"),
}

# Clickatell legacy API error codes. They stay three-digit strings: 007 is an error and also a status.
XML_API: dict[str, str] = {
    "001": "Authentication failed",
    "002": "Unknown username or password",
    "003": "Session ID expired",
    "004": "Account frozen",
    "005": "Missing session ID",
    "007": "IP Lockdown violation",
    "100": "Data malformed",
    "101": "Invalid or missing parameters",
    "102": "Invalid user data header",
    "103": "Unknown API message ID",
    "104": "Unknown client message ID",
    "105": "Invalid destination address",
    "106": "Invalid source address",
    "107": "Empty message",
    "108": "Invalid or missing API ID",
    "109": "Missing message ID",
    "110": "Error with email message",
    "111": "Invalid protocol",
    "112": "Invalid message type",
    "113": "Maximum message parts exceeded",
    "114": "Cannot route message",
    "115": "Message expired",
    "116": "Invalid Unicode data",
    "120": "Invalid delivery time",
    "121": "Destination mobile number blocked",
    "122": "Destination mobile opted out",
    "123": "Invalid Sender ID",
    "128": "Number delisted",
    "130": "Maximum MT limit exceeded until {}",
    "201": "Invalid batch ID",
    "202": "No batch template",
    "301": "No credit left",
    "302": "Max allowed credit",
    "901": "Internal error",
}


def one_api_error(code: int, detail: str = "") -> dict[str, object]:
    """The error object `{code, description}`; a code that is not in the table gets a plain text."""
    _, description = ONE_API.get(code, (400, "An error that no table lists"))
    return {"code": code, "description": description.format(detail)}


def one_api_status(code: int) -> int:
    """The HTTP status that the table gives a code; 400 for one that it does not list."""
    return ONE_API.get(code, (400, ""))[0]


def xml_fault(code: str, detail: str = "") -> str:
    """The content of a `fault` element: `NNN, text`."""
    return f"{code}, {XML_API.get(code, 'An error that no table lists').format(detail)}"
