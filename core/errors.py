"""The tree of errors a user may meet.

Every message is a sentence that names the file or thing, the cause and the remedy.
Anything that is not an `AIxCellError` is a bug and must be seen.

    AIxCellError
    ├── DataError        something a user brought cannot be used
    │   ├── ImageError       an image file
    │   ├── LabelError       a mask, an annotation, a class
    │   └── TableError       a CSV of groups, classes, splits
    ├── StudyError       a study is missing, exists already, or is not ready for the step
    ├── ConflictError    somebody saved a newer version meanwhile
    ├── TaskError        what is wanted contradicts itself or the labels
    ├── PlanError        a plan or pipeline that cannot be executed
    ├── LeakError        training data would meet test data
    ├── JobError         a job cannot be started, found, cancelled or resumed
    ├── RunError         a job ended without a result; carries its cause
    ├── LibraryError     the algorithm library cannot be read or written
    └── BundleError      a trained model's folder is incomplete or of a newer version
"""


class AIxCellError(Exception):
    """Root of all errors that are told to the user as they stand."""


class DataError(AIxCellError):
    """Something a user brought cannot be used."""


class ImageError(DataError):
    """An image file cannot be used."""


class LabelError(DataError):
    """A mask, an annotation or a class cannot be used."""


class TableError(DataError):
    """A table of groups, classes or splits cannot be used."""


class StudyError(AIxCellError):
    """A study is missing, exists already, or is not ready for the step asked for."""


class ConflictError(AIxCellError):
    """Somebody saved a newer version meanwhile; both versions stay."""


class TaskError(AIxCellError):
    """What is wanted contradicts itself or the labels."""


class PlanError(AIxCellError):
    """A plan or pipeline cannot be executed."""


class LeakError(AIxCellError):
    """Images that were learned from would be scored as unseen."""


class JobError(AIxCellError):
    """A job cannot be started, found, cancelled or resumed."""


class RunError(AIxCellError):
    """A job ended without a result."""

    def __init__(self, message: str, cause: str = "error") -> None:
        """Keep `cause`, one of `core.records.CAUSES`, beside the sentence."""
        super().__init__(message)
        self.cause = cause


class LibraryError(AIxCellError):
    """The algorithm library cannot be read or written."""


class BundleError(AIxCellError):
    """A trained model's folder is incomplete, damaged or of a newer version."""
