"""A class: who is the teacher, who are the pupils, and what the projector shows."""

import secrets
from pathlib import Path
from threading import Lock

from puppyslug.studio.classroom.guesses import GuessLimiter
from puppyslug.studio.classroom.passphrase import generate_passphrase, is_same_passphrase
from puppyslug.studio.classroom.roster import Pupil, Roster
from puppyslug.studio.credentials import is_equal
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.limits import PupilLimits
from puppyslug.studio.owners import new_secret, owner_of


class Classroom:
    """The state of class mode. All methods may be called from any thread.

    Attributes:
        passphrase: what pupils type to join.
        teacher_token: what the teacher's address contains.
        roster: the pupils.
        limits: what one pupil may use.
        address: the address that pupils open; empty until the server knows it.
        version: increases with every change of what the projector shows or who has joined.
    """

    def __init__(
        self,
        path: Path,
        *,
        limits: PupilLimits | None = None,
        guesses: GuessLimiter | None = None,
    ) -> None:
        """Start a lesson, with a new pass phrase and a new token.

        Args:
            path: file of the roster.
            limits: what one pupil may use.
            guesses: limits wrong pass phrases.

        Raises:
            OutputError: the roster is damaged.
        """
        self.passphrase = generate_passphrase()
        self.teacher_token = secrets.token_urlsafe(24)
        self.roster = Roster(path)
        self.limits = limits or PupilLimits()
        self.address = ""
        self.version = 0
        self._guesses = guesses or GuessLimiter()
        self._projected: str | None = None
        self._lock = Lock()

    def join(self, typed: str, name: str, address: str) -> tuple[str, Pupil]:
        """Let a pupil in.

        Args:
            typed: the pass phrase as the pupil has typed it.
            name: what the pupil wants to be called; may be empty.
            address: IP address of the pupil's computer.

        Returns:
            The secret for the cookie of the pupil's browser, and the pupil.

        Raises:
            HTTPError: the pass phrase is wrong, or there were too many wrong ones.
        """
        with self._lock:  # so that guesses at the same time are counted, too
            wait = self._guesses.seconds_to_wait(address)
            if wait:
                raise HTTPError(
                    429, f"too many wrong pass phrases; try again in {wait} s", retry_after=wait
                )
            if not is_same_passphrase(typed, self.passphrase):
                self._guesses.count_wrong(address)
                raise HTTPError(403, "that is not the pass phrase; it is four words, see the board")
        secret = new_secret()
        pupil = self.roster.add(owner_of(secret), name)
        self._change()
        return secret, pupil

    def remove(self, number: int) -> Pupil:
        """Remove a pupil, who can join again with the pass phrase of the lesson.

        Raises:
            HTTPError: there is no such pupil.
        """
        pupil = self.roster.remove(number)
        if pupil is None:
            raise HTTPError(404, "there is no such pupil; reload the page")
        self._change()
        return pupil

    def is_teacher_token(self, token: str) -> bool:
        """Return whether a token is the teacher's, in constant time."""
        return is_equal(token, self.teacher_token)

    def find_pupil(self, secret: str) -> Pupil | None:
        """Return the pupil whose browser has a cookie; None if it has not joined."""
        return self.roster.find(owner_of(secret))

    def name_of(self, owner: str) -> str:
        """Return the name of the pupil who owns a job; empty if it is the teacher."""
        pupil = self.roster.find(owner)
        return pupil.name if pupil else ""

    @property
    def projected(self) -> str | None:
        """Id of the dream that the projector shows; None for how to join."""
        return self._projected

    def project(self, job_id: str | None) -> None:
        """Show a dream on the projector; None for how to join."""
        self._projected = job_id
        self._change()

    def _change(self) -> None:
        with self._lock:
            self.version += 1
