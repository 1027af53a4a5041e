"""Faults in the keys and values of a success body."""
# ruff: noqa: ARG002 - an override is described by its class, and may ignore what it is given

from typing import ClassVar

from conformance.arena.faults.families import Answer, Sets
from conformance.arena.rendering import Json
from conformance.arena.store import QualityProcess


class _Lacks(Answer):
    """Leaves a key of the process out."""

    key: ClassVar[str]

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        del shown[self.key]


class CompletedDateTimeMissing(_Lacks):
    """completedDateTime is missing."""

    rule = "response-shape"
    key = "completedDateTime"


class CreationDateTimeMissing(_Lacks):
    """creationDateTime is missing."""

    rule = "response-shape"
    key = "creationDateTime"


class CreatorMissing(_Lacks):
    """The creator is missing."""

    rule = "response-shape"
    key = "creator"


class CurrentStepMissing(_Lacks):
    """The current step is missing."""

    rule = "response-shape"
    key = "currentStep"


class DescriptionMissing(_Lacks):
    """The description is missing."""

    rule = "response-shape"
    key = "description"


class GuidMissing(_Lacks):
    """The guid of the process is missing."""

    rule = "response-shape"
    key = "guid"


class NameMissing(_Lacks):
    """The name is missing."""

    rule = "response-shape"
    key = "name"


class NumberMissing(_Lacks):
    """The number is missing."""

    rule = "response-shape"
    key = "number"


class OwnerMissing(_Lacks):
    """The owner is missing."""

    rule = "response-shape"
    key = "owner"


class StatusMissing(_Lacks):
    """The status is missing."""

    rule = "response-shape"
    key = "status"


class StatusModeMissing(_Lacks):
    """The status mode is missing."""

    rule = "response-shape"
    key = "statusMode"


class TargetCompletionDateTimeMissing(_Lacks):
    """targetCompletionDateTime is missing."""

    rule = "response-shape"
    key = "targetCompletionDateTime"


class TemplateMissing(_Lacks):
    """The template is missing."""

    rule = "response-shape"
    key = "template"


class TypeOfProcessMissing(_Lacks):
    """The type is missing: null values are left out."""

    rule = "response-shape"
    key = "type"


class CompleteIsTrue(Sets):
    """complete is true."""

    rule = "response-shape"
    path, value = ("complete",), True


class CompleteIsText(Sets):
    """complete is a text."""

    rule = "response-shape"
    path, value = ("complete",), "false"


class CompleteIsNull(Sets):
    """complete is null."""

    rule = "response-shape"
    path, value = ("complete",), None


class CompleteIsZero(Sets):
    """complete is 0."""

    rule = "response-shape"
    path, value = ("complete",), 0


class ProcessIsNull(Sets):
    """qualityProcess is null."""

    rule = "response-shape"
    path, value = ("qualityProcess",), None


class CreatorIsNull(Sets):
    """The creator is null."""

    rule = "response-shape"
    path, value = ("qualityProcess", "creator"), None


class OwnerIsText(Sets):
    """The owner is a text."""

    rule = "response-shape"
    path, value = ("qualityProcess", "owner"), "Olga Lindqvist"


class NumberIsNumber(Sets):
    """The number is a JSON number."""

    rule = "response-shape"
    path, value = ("qualityProcess", "number"), 3


class NumberIsAnother(Sets):
    """The number is the page's."""

    rule = "response-shape"
    path, value = ("qualityProcess", "number"), "CAR-000099"


class DescriptionIsNull(Sets):
    """The description is null."""

    rule = "response-shape"
    path, value = ("qualityProcess", "description"), None


class DescriptionIsEmpty(Sets):
    """The description is empty, though the process has one."""

    rule = "response-shape"
    path, value = ("qualityProcess", "description"), ""


class NameIsAnother(Sets):
    """The name is another."""

    rule = "response-shape"
    path, value = ("qualityProcess", "name"), "Everyroad bezels melted/burned."


class StatusInSmallLetters(Sets):
    """The status is in small letters."""

    rule = "response-shape"
    path, value = ("qualityProcess", "status"), "open"


class StatusIsAnother(Sets):
    """The status is a word that the page does not know."""

    rule = "response-shape"
    path, value = ("qualityProcess", "status"), "IN_PROGRESS"


class StatusIsNull(Sets):
    """The status is null."""

    rule = "response-shape"
    path, value = ("qualityProcess", "status"), None


class StatusModeIsAnother(Sets):
    """The status mode is MANUAL, whatever the process has."""

    rule = "response-shape"
    path, value = ("qualityProcess", "statusMode"), "MANUAL"


class StatusModeIsNull(Sets):
    """The status mode is null."""

    rule = "response-shape"
    path, value = ("qualityProcess", "statusMode"), None


class TypeOfProcessIsText(Sets):
    """The type, null in the sample, is a text."""

    rule = "response-shape"
    path, value = ("qualityProcess", "type"), "CAR"


class TypeIsNullText(Sets):
    """The type is the text NULL, as the page prints it."""

    rule = "response-shape"
    path, value = ("qualityProcess", "type"), "NULL"


class TemplateIsAnother(Sets):
    """The template is the page's."""

    rule = "response-shape"
    path, value = ("qualityProcess", "template"), {"active": None, "guid": "2KN4N6J4VIL40J2L4N0B3"}


class TemplateIsActive(Sets):
    """The template's active, null in the sample, is true."""

    rule = "response-shape"
    path, value = ("qualityProcess", "template", "active"), True


class TemplateIsGuid(Sets):
    """The template is its guid only."""

    rule = "response-shape"
    path, value = ("qualityProcess", "template"), "LXGOI2UO54KFM6AXTMH5"


class CurrentStepIsText(Sets):
    """The current step is a text."""

    rule = "response-shape"
    path, value = ("qualityProcess", "currentStep"), "Problem Description"


class CurrentStepHasGuidOnly(Sets):
    """The current step lacks its nulls."""

    rule = "response-shape"
    path, value = ("qualityProcess", "currentStep"), {"guid": "Q6Q9S5QH47QMFO7QZ3MG"}


class CurrentStepShowsAttributes(Sets):
    """The current step's attributes, null in the sample, are a list."""

    rule = "response-shape"
    path, value = ("qualityProcess", "currentStep", "attributes"), []


class TargetCompletionIsText(Sets):
    """targetCompletionDateTime is an empty text where there is none."""

    rule = "response-shape"
    path, value = ("qualityProcess", "targetCompletionDateTime"), ""


class CreationIsNull(Sets):
    """creationDateTime is null."""

    rule = "response-shape"
    path, value = ("qualityProcess", "creationDateTime"), None


class CreationIsNumber(Sets):
    """creationDateTime is the number of seconds since 1970."""

    rule = "response-shape"
    path, value = ("qualityProcess", "creationDateTime"), 1484941177


class CreationIsAnother(Sets):
    """creationDateTime is the page's."""

    rule = "response-shape"
    path, value = ("qualityProcess", "creationDateTime"), "2017-01-20T19:35:37Z"


class CreationIsDay(Sets):
    """creationDateTime is a date without a time."""

    rule = "response-shape"
    path, value = ("qualityProcess", "creationDateTime"), "2017-01-20"
