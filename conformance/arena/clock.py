from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")


class Clock:
    """The time as the Arena sees it: the real time, moved forward by whoever holds the clock."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Returns the present moment in UTC, to the second, as the vendor's dates are."""
        return (datetime.now(UTC) + self._ahead).replace(microsecond=0)

    def advance(self, by: timedelta) -> None:
        """Moves the clock forward, never back."""
        if by < timedelta():
            raise ValueError(f"a clock does not go back: {by}")
        self._ahead += by


def next_midnight_pacific(moment: datetime) -> datetime:
    """Returns when the next day begins in the vendor's time zone, in UTC; that day may have 23 or 25 hours."""
    tomorrow = moment.astimezone(PACIFIC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), PACIFIC).astimezone(UTC)
