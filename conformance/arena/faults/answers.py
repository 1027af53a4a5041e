"""Faults in what a success body shows: other keys, other persons, other processes."""
# ruff: noqa: ARG002, D102 - an override is described by its class, and may ignore what it is given

from typing import Any

from conformance.arena.faults.families import Answer
from conformance.arena.faults.fault import Fault
from conformance.arena.message import Visit
from conformance.arena.rendering import Json
from conformance.arena.store import QualityProcess, User


class CommentMissing(Answer):
    """The comment is missing."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        del answer["comment"]


class CompleteMissing(Answer):
    """complete is missing."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        del answer["complete"]


class ProcessMissing(Answer):
    """The members of the process stand at the top, without qualityProcess."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        del answer["qualityProcess"]
        answer.update(shown)


class CompleteInsideTheProcess(Answer):
    """complete and comment stand in the process, as the misprinted sample has it."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        shown |= {"complete": answer.pop("complete"), "comment": answer.pop("comment")}


class KeysInSnakeCase(Answer):
    """creationDateTime is spelt creation_date_time."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        shown["creation_date_time"] = shown.pop("creationDateTime")


class KeysAreCapitals(Answer):
    """statusMode is spelt StatusMode."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        shown["StatusMode"] = shown.pop("statusMode")


class OwnerLacksName(Answer):
    """The owner has no full name."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        del shown["owner"]["fullName"]


class OwnerLacksGuid(Answer):
    """The owner has no guid."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        del shown["owner"]["guid"]


class CreatorLacksGuid(Answer):
    """The creator has no guid."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        del shown["creator"]["guid"]


class OwnerIsCreator(Answer):
    """The owner shown is the creator."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        shown["owner"] = shown["creator"]


class CreatorIsOwner(Answer):
    """The creator shown is the owner."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        shown["creator"] = shown["owner"]


class OwnerHasAnotherName(Answer):
    """The owner shown has the owner's guid and the creator's name."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        shown["owner"]["fullName"] = shown["creator"]["fullName"] + "."


class CreatorsNameIsMangled(Answer):
    """A creator's name beyond ASCII comes out as question marks."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        shown["creator"]["fullName"] = shown["creator"]["fullName"].encode("ascii", "replace").decode()


class DescriptionIsMangled(Answer):
    """A process' description beyond ASCII comes out as question marks."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        shown["description"] = shown["description"].encode("ascii", "replace").decode()


class NameIsCutShort(Answer):
    """The name of the process is cut after 20 characters."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        shown["name"] = shown["name"][:20]


class GuidInSmallLetters(Answer):
    """The guid of the process is in small letters."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        shown["guid"] = shown["guid"].lower()


class GuidOfTheStep(Answer):
    """The guid shown is that of a step."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        shown["guid"] = process.steps[0].guid


class GuidMisprinted(Answer):
    """The guid differs by one letter, as on the page."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        shown["guid"] = shown["guid"][:-1] + ("L" if shown["guid"][-1] == "I" else "I")


class AnotherProcessShown(Answer):
    """The process shown is the first of the workspace."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        answer["qualityProcess"] = self.render_process(next(iter(self.store.processes.values())))


class LastProcessShown(Answer):
    """The process shown is that of the call before."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        answer["qualityProcess"] = vars(self).get("shown_last", shown)
        vars(self)["shown_last"] = {**shown, "number": process.number}


class LongGuidsCut(Answer):
    """The guids of persons are cut to 19 characters."""

    rule = "response-shape"

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        shown["owner"]["guid"] = shown["owner"]["guid"][:19]


class AnswerInList(Fault):
    """The answer stands in a list."""

    rule = "response-shape"

    def change_status(self, visit: Visit) -> tuple[int, Any]:
        status, answer = super().change_status(visit)
        return status, [answer]


class AnswerInResults(Fault):
    """The answer is a collection of one."""

    rule = "response-shape"

    def change_status(self, visit: Visit) -> tuple[int, Any]:
        status, answer = super().change_status(visit)
        return status, self.render_results([answer])


class AnswerIsEmptyObject(Fault):
    """The answer is an empty object."""

    rule = "response-shape"

    def change_status(self, visit: Visit) -> tuple[int, Any]:
        return super().change_status(visit)[0], {}


class AnswerIsText(Fault):
    """The answer is a text: OK."""

    rule = "response-shape"

    def change_status(self, visit: Visit) -> tuple[int, Any]:
        return super().change_status(visit)[0], "OK"


class AnswerIsRequest(Fault):
    """The answer is the request."""

    rule = "response-shape"

    def change_status(self, visit: Visit) -> tuple[int, Any]:
        status, _ = super().change_status(visit)
        return status, self.parse_json(visit.call.body)


class AnswerIsNoJson(Fault):
    """The answer has no quotes around its keys."""

    rule = "response-shape"

    def encode(self, body: Any) -> bytes:
        content = super().encode(body)
        return content.replace(b'"comment"', b"comment") if b'"qualityProcess"' in content else content


class AnswerHasCapitalNull(Fault):
    """The type is NULL without quotes, as the page prints it."""

    rule = "response-shape"

    def encode(self, body: Any) -> bytes:
        content = super().encode(body)
        return content.replace(b'"type": null}', b'"type": NULL}') if b'"qualityProcess"' in content else content


class AnswerForAssigneeLacksOwner(Fault):
    """Who is not the owner is not shown the owner."""

    rule = "response-shape"

    def reopen_step(self, user: User, process: QualityProcess, step: Any) -> None:
        super().reopen_step(user, process, step)
        vars(self)["asked_by_owner"] = user.guid == process.owner.guid

    def render_success(self, process: QualityProcess, complete: bool, comment: str | None) -> Json:
        answer = super().render_success(process, complete, comment)
        if not complete and not vars(self).get("asked_by_owner", True):
            answer["qualityProcess"]["owner"] = None
        return answer
