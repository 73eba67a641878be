"""What schemathesis cannot know of the server from its document (`SCHEMATHESIS_HOOKS`)."""

import json
import os
import zlib

import schemathesis
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation

# What exists, by the paths in which its ids stand.
KNOWN = json.loads(os.environ["OTOMO_KNOWN"])

# A request may fit the document and make no sense all the same: what it is about is not there yet, or JSON Schema has no words
# for the rule. Each is refused with 400, and says which it is.
DEPENDS = {
    "cursor is ": "only the server makes cursors",
    "either after or before": "of two parameters one at a time",
    "the conversation ends before this messageSeq": "how long a conversation is",
    "after must not be above the seq": "how long a stream is",
    "must be in the future": "what time it is",
    "the time until which": "what time it is",
    "a friend is somebody else": "who asks",
    "a conversation is with somebody else": "who asks",
    "say whom you choose for": "who asks",
    " bytes": "lengths of texts in bytes; JSON Schema counts characters",
    "half surrogate pairs": "texts and numbers that only some clients can read",
    "say for which stream": "of two parameters one at least",
    "no command has": "the commands: messages.json describes them",
    "user_ rooms are": "names of rooms that are somebody's own",
    "user_ is followed by": "names of rooms that are somebody's own",
    "no room has this name": "names of rooms that are everybody's",
    "is reserved": "names of types that are the server's",
    "must not be durable for all": "of a durable event for everybody",
    "a state needs it": "of an event without a key",
    "data.": "what an event of this type must say: events.json describes it",
    "a group has at most": "how many are in a group",
}


@schemathesis.hook
def map_case(context, case):
    """Half of the ids that could be are of something that is."""
    ids = case.path_parameters
    part = case.meta and case.meta.components.get(ParameterLocation.PATH)
    if ids and part and part.mode == GenerationMode.POSITIVE:
        known = next(known for place, known in KNOWN.items() if place in case.operation.path)
        for name, value in ids.items():
            lot = zlib.crc32(repr(value).encode())
            if name in known and lot % 2:
                ids[name] = known[name][lot // 2 % len(known[name])]
    return case


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Keeps what is a fault."""
    if type(failure).__name__ != "RejectedPositiveData" or response.status_code != 400:
        return True
    message = response.json()["error"]["message"]
    return not any(words in message for words in DEPENDS)
