"""Faults in how a comment comes back."""
# ruff: noqa: ARG002, D102 - an override is described by its class, and may ignore what it is given

import html
import unicodedata
from typing import Any, ClassVar

from conformance.arena.faults.fault import Fault
from conformance.arena.rendering import Json
from conformance.arena.store import QualityProcess


class _Comment(Fault):
    """Sends the comment of a reopen back in another form."""

    def render_success(self, process: QualityProcess, complete: bool, comment: str | None) -> Json:
        answer = super().render_success(process, complete, comment)
        return answer if complete or comment is None else {**answer, "comment": self.returned(comment)}

    def returned(self, comment: str) -> Any:
        """The comment as it comes back."""
        raise NotImplementedError


class CommentIsNull(_Comment):
    """The comment comes back as null."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return None


class CommentIsEmpty(_Comment):
    """The comment comes back empty."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return ""


class CommentIsList(_Comment):
    """The comment comes back in a list."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return [comment]


class CommentOfTheSample(_Comment):
    """The comment that comes back is the page's."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return "Correcting typos within the Problem Description field."


class CommentOfTheLastCall(_Comment):
    """The comment that comes back is that of the call before."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        last = vars(self).get("last_comment", comment)
        vars(self)["last_comment"] = comment
        return last


class _CutComment(_Comment):
    """Cuts the comment."""

    longest: ClassVar[int]

    def returned(self, comment: str) -> Any:
        return comment[: self.longest]


class CommentCutAfter50(_CutComment):
    """The comment is cut after 50 characters."""

    rule = "response-shape"
    longest = 50


class CommentCutAfter255(_CutComment):
    """The comment is cut after 255 characters."""

    rule = "response-shape"
    longest = 255


class CommentCutAfter999(_CutComment):
    """The comment is cut after 999 characters."""

    rule = "response-shape"
    longest = 999


class CommentCutInBytes(_Comment):
    """The comment is cut after 1,000 bytes, which is no trouble in ASCII."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return comment.encode("utf-8", "replace")[:1000].decode("utf-8", "ignore")


class CommentCutInUtf16(_Comment):
    """The comment is cut after 1,000 units of UTF-16, which is no trouble in the basic plane."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return comment.encode("utf-16-le", "replace")[:2000].decode("utf-16-le", "ignore")


class CommentEndsWithDots(_Comment):
    """A comment of more than 100 characters ends with three dots."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return comment if len(comment) <= 100 else comment[:97] + "..."


class CommentIsEscaped(_Comment):
    """Markup in the comment is escaped."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return html.escape(comment)


class CommentIsUnescaped(_Comment):
    """Entities in the comment are replaced."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return html.unescape(comment)


class CommentLosesTags(_Comment):
    """Tags are taken out of the comment."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return comment.replace("<script>", "").replace("</script>", "")


class CommentIsTrimmed(_Comment):
    """White space around the comment is taken away."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return comment.strip()


class CommentIsSqueezed(_Comment):
    """Two spaces in the comment become one."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return comment.replace("  ", " ")


class CommentIsOneLine(_Comment):
    """Newlines in the comment become spaces."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return comment.replace("\n", " ")


class CommentIsFirstLine(_Comment):
    """Only the first line of the comment comes back."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return comment.partition("\n")[0]


class CommentGetsReturns(_Comment):
    """Newlines in the comment become carriage returns with newlines."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return comment.replace("\n", "\r\n")


class CommentIsComposed(_Comment):
    """The comment is normalised: composed."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return unicodedata.normalize("NFC", comment)


class CommentIsDecomposed(_Comment):
    """The comment is normalised: decomposed."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return unicodedata.normalize("NFD", comment)


class CommentIsMadeCompatible(_Comment):
    """The comment is normalised: compatible characters are replaced."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return unicodedata.normalize("NFKC", comment)


class CommentIsAscii(_Comment):
    """What is beyond ASCII comes back as question marks."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return comment.encode("ascii", "replace").decode()


class CommentIsLatin1(_Comment):
    """What is beyond Latin-1 comes back as question marks."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return comment.encode("latin-1", "replace").decode("latin-1")


class CommentIsBasicPlane(_Comment):
    """What is beyond the basic plane comes back as a replacement character."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return "".join(character if ord(character) <= 0xFFFF else "\ufffd" for character in comment)


class CommentIsEncodedTwice(_Comment):
    """The comment's UTF-8 is encoded once more."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return comment.encode("utf-8", "replace").decode("latin-1")


class CommentInSmallLetters(_Comment):
    """The comment comes back in small letters."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return comment.lower()


class CommentLosesBackslashes(_Comment):
    """Backslashes in the comment are taken out."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return comment.replace("\\", "")


class CommentDoublesQuotes(_Comment):
    """Quotes in the comment are doubled, as a data base wants them."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return comment.replace("'", "''")


class CommentIsFilledIn(_Comment):
    """Braces in the comment are filled in like a template's."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return comment.replace("{0}", "").replace("{{ x }}", "").replace("${x}", "")


class CommentIsRead(_Comment):
    """A comment that looks like a number comes back as one."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return int(comment) if comment.isdecimal() and comment.isascii() else comment


class CommentNullIsNull(_Comment):
    """The comment `null` comes back as null."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return None if comment.strip().lower() == "null" else comment


class CommentLosesJoiners(_Comment):
    """Emoji flags and joined emoji fall apart: variation selectors and regional letters are taken out."""

    rule = "response-shape"

    def returned(self, comment: str) -> Any:
        return "".join(c for c in comment if not 0x1F1E6 <= ord(c) <= 0x1F1FF)


# What the page leaves open.


class LongCommentIsCut(_CutComment):
    """A comment is cut after 1,000 characters."""

    longest = 1000


class EmptyCommentIsNull(_Comment):
    """An empty comment comes back as null."""

    def returned(self, comment: str) -> Any:
        return comment or None


class ControlCharactersAreTakenOut(_Comment):
    """Control characters are taken out of the comment."""

    def returned(self, comment: str) -> Any:
        return "".join(character for character in comment if character == "\n" or ord(character) >= 32)


class InvisibleCharactersAreTakenOut(_Comment):
    """Characters that steer or join, but show nothing, are taken out of the comment."""

    def returned(self, comment: str) -> Any:
        return "".join(character for character in comment if unicodedata.category(character) != "Cf")


class NulIsReplaced(_Comment):
    """A NUL in the comment comes back as a replacement character."""

    def returned(self, comment: str) -> Any:
        return comment.replace("\0", "\ufffd")
