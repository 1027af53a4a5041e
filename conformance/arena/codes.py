"""What a refusal says: status, code and message of every situation, in both profiles.

The page fixes one code, 3089. The other codes of profile `documented` are this Arena's own (1001 to 1099): they
collide with none of the vendor's, so nobody can mistake one profile for the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType


class Situation(Enum):
    """Why a call is refused."""

    BAD_LOGIN = auto()
    NO_SESSION = auto()
    QUOTA_USED_UP = auto()
    NOT_JSON_TYPE = auto()
    MALFORMED_JSON = auto()
    WRONG_SHAPE = auto()
    GUID_EMPTY = auto()
    GUID_MALFORMED = auto()
    GUID_UNKNOWN = auto()
    STEP_OF_ANOTHER_PROCESS = auto()
    NOT_PERMITTED = auto()
    SIGNOFF_APPROVED = auto()
    SIGNOFF_TAKES_DECISIONS = auto()
    NOT_A_SIGNOFF = auto()
    PROCESS_COMPLETED = auto()
    PROCESS_ALREADY_OPEN = auto()
    STEP_ALREADY_OPEN = auto()
    STEP_ALREADY_COMPLETE = auto()
    COMPLETED_STEP_IS_FIXED = auto()
    TEMPLATE_INACTIVE = auto()
    UNKNOWN_ENDPOINT = auto()
    WRONG_METHOD = auto()
    INTERNAL_ERROR = auto()


@dataclass(frozen=True)
class Code:
    """One line of the table; `{0}` in the message takes the detail of the refusal."""

    status: int
    code: int
    message: str


_DOCUMENTED = {
    Situation.BAD_LOGIN: Code(400, 4001, "The email, password or workspace is not right."),
    Situation.NO_SESSION: Code(401, 1001, "The call carries no valid session."),
    Situation.QUOTA_USED_UP: Code(429, 1002, "The workspace has no calls left until the next reset."),
    Situation.NOT_JSON_TYPE: Code(415, 1003, "The content type must be application/json."),
    Situation.MALFORMED_JSON: Code(400, 1004, "The body is not valid JSON."),
    Situation.WRONG_SHAPE: Code(400, 1005, "The request is not valid: {0}."),
    Situation.GUID_EMPTY: Code(400, 1006, "A guid is missing."),
    Situation.GUID_MALFORMED: Code(400, 1007, 'No guid looks like "{0}".'),
    Situation.GUID_UNKNOWN: Code(400, 1008, 'Nothing here has the guid "{0}".'),
    Situation.STEP_OF_ANOTHER_PROCESS: Code(400, 1009, 'The step "{0}" is not a step of this quality process.'),
    Situation.NOT_PERMITTED: Code(400, 1010, "This user may not do that."),
    Situation.SIGNOFF_APPROVED: Code(400, 1011, "An approved sign-off step is final."),
    Situation.SIGNOFF_TAKES_DECISIONS: Code(400, 1012, "A sign-off step is completed by its decisions."),
    Situation.NOT_A_SIGNOFF: Code(400, 1013, "Only a sign-off step has decisions."),
    Situation.PROCESS_COMPLETED: Code(400, 1014, "The quality process is completed."),
    Situation.PROCESS_ALREADY_OPEN: Code(400, 3089, "The quality process is already open."),
    Situation.STEP_ALREADY_OPEN: Code(400, 3089, "The quality process is already open."),
    Situation.STEP_ALREADY_COMPLETE: Code(400, 1015, "The quality process step is already completed."),
    Situation.COMPLETED_STEP_IS_FIXED: Code(400, 3173, "A completed quality process step cannot be changed."),
    Situation.TEMPLATE_INACTIVE: Code(400, 1016, "The template is not active."),
    Situation.UNKNOWN_ENDPOINT: Code(404, 1017, "There is no endpoint {0}."),
    Situation.WRONG_METHOD: Code(405, 1018, "The endpoint does not take {0}."),
    Situation.INTERNAL_ERROR: Code(500, 1019, "Something went wrong on the server."),
}

_WINTER_2023 = {
    **_DOCUMENTED,
    Situation.NO_SESSION: Code(
        401, 401, "There is no access token associated with this request or the access token is not valid."
    ),
    Situation.MALFORMED_JSON: Code(400, 400, "The format of the request is not valid. Please check the syntax."),
    Situation.GUID_EMPTY: Code(400, 3098, "Guid in the request is either null or empty."),
    Situation.GUID_MALFORMED: Code(400, 3011, 'The guid "{0}" is not valid.'),
    Situation.GUID_UNKNOWN: Code(400, 3012, 'The requested object with guid "{0}" is not found.'),
    Situation.NOT_PERMITTED: Code(400, 3085, "You do not have privileges to perform the requested operation."),
    Situation.SIGNOFF_APPROVED: Code(
        400, 3170, "The quality process sign-off step cannot be reopened through this endpoint."
    ),
    Situation.PROCESS_COMPLETED: Code(
        400, 3168, "The quality process step cannot be reopened when the overall quality process is completed."
    ),
    Situation.STEP_ALREADY_OPEN: Code(400, 3169, "The quality process step is already open."),
}

PROFILES: Mapping[str, Mapping[Situation, Code]] = MappingProxyType(
    {"documented": MappingProxyType(_DOCUMENTED), "winter-2023": MappingProxyType(_WINTER_2023)}
)
