"""What ranks first, or last."""

from dataclasses import dataclass

from services.streamer.domain.asking.asking_words import BOTTOM, TOP
from services.streamer.domain.asking.times import COUNTS
from services.streamer.domain.asking.words import Text


@dataclass(frozen=True, slots=True)
class Rank:
    """The series that rank first, or last."""

    count: int
    lowest: bool


def rank_in(text: Text) -> Rank | None:
    """`top 5`, `5 busiest`, `most`, `worst first`: the words count where there is something to rank."""
    for place, word in enumerate(text.plain):
        if not text.is_free(place, place + 1) or word not in (*TOP, *BOTTOM):
            continue
        start, end, count = place, place + 1, 0
        if text.is_free(end, end + 1) and (told := _whole(text.plain[end])):
            count, end = told, end + 1
        elif text.is_free(place - 1, place) and (told := _whole(text.plain[place - 1])):
            start, count = place - 1, told
        elif text.is_free(end, end + 1) and text.plain[end] == "first":
            end += 1
        lowest = word in BOTTOM
        count = min(max(count, 0), 100) or 10
        text.take(start, end, f"the {count} {'least' if lowest else 'greatest'}")
        for other, said in enumerate(text.plain):
            if text.is_free(other, other + 1) and said in (*TOP, *BOTTOM):
                text.take(other, other + 1, "")
        return Rank(count, lowest)
    return None


def _whole(word: str) -> int:
    """A number in digits or in words; 0 where it is none."""
    if word.isdecimal():
        return int(word)
    count = COUNTS.get(word, 0.0)
    return int(count) if count > 1 else 0
