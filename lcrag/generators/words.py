"""Keys, values and words of generated tests, drawn at random."""

from __future__ import annotations

import random
import uuid
from typing import Literal

ValueKind = Literal["words", "numbers", "uuids"]

_ADJECTIVES = """
    able agile amber ample ancient arid autumn bitter blank bold brave brief bright brisk broad bronze calm candid
    careful cheap chilly civil clean clear clever cloudy coarse common cosy crisp curious daily damp dapper daring dark
    deep dense distant dry dusty eager early eastern elder empty even faint fair faithful famous fancy fertile
    fierce final firm flat fluent foggy formal frail frank fresh frosty gentle giant glad gleaming golden grand grave
    green gritty happy hardy harsh hasty hidden hollow honest humble icy idle jolly keen kind lanky lasting lavish
    leafy level light little lively local lone long lucky lunar mellow merry mild misty modest muddy narrow neat noble
    northern novel oval pale patient plain polite proud quaint quick quiet rapid rare ripe rough round rural rustic
    salty sharp shy silent silver simple sleek slender slow smooth snowy solar solid sour spare spicy stately steady
    steep still stony stout strict sturdy subtle sunny sweet swift tall tame tidy tiny tough tranquil upright urban
    vast velvet vivid warm wary western wild windy wise witty wooden young zealous
""".split()
_NOUNS = """
    acorn anchor apron arrow attic badge balcony banner barn barrel basin basket beacon bell bench blanket boulder
    bowl branch bridge broom bucket button cabin cable candle canoe canyon carpet cart castle cave chain chalk chest
    chimney clock cloud coast comb compass copper corner cradle crane crater creek crown cup curtain dawn desk dome
    door drawer drum easel ember engine estuary fabric feather fence ferry field flag flute forest fork fountain frame
    garden gate glacier glove granite grove hammer harbour harp hat hedge helmet hill hinge hook horn island ivory jar
    jetty kettle key kite ladder lagoon lake lamp lantern lever lighthouse locket loom magnet mantle map marble market
    meadow mill mirror moat needle nest oar oasis orchard organ oven paddle palace paper parcel path pebble pencil
    pier pillar pillow pine pipe plank plate pocket pond porch prism quarry quilt raft rail ribbon ridge ring river
    roof rope saddle sail scale scarf shelf shell ship shovel sieve signal spade spoon spring stable stair statue stove
    stream sundial table tent thimble thread tower trail tray tunnel valley vase vault veil wagon wall well wharf wheel
    whistle window workshop yarn
""".split()
_ONSETS = "b bl br c cl cr d dr f fl fr g gl gr h j k l m n p pl pr qu r s sc sl sm st str t tr v w z".split()
_VOWELS = "a e i o u ai ea ee ou oa".split()
_ENDS = "b ck d ft g l ll lm m mp n nd ng nk nt p r rd rk rm rn rt s sk st t th x".split()


def key(rng: random.Random) -> str:
    """An adjective and a noun; there are about thirty thousand."""
    return f"{rng.choice(_ADJECTIVES)}-{rng.choice(_NOUNS)}"


def word(rng: random.Random, syllables: int = 2) -> str:
    """A word that could be English."""
    middle = "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(syllables - 1))
    return middle + rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_ENDS)


def english() -> list[str]:
    """About 360 English words, nouns and adjectives."""
    return sorted({*_ADJECTIVES, *_NOUNS})


def noun(rng: random.Random) -> str:
    """A noun."""
    return rng.choice(_NOUNS)


def number(rng: random.Random, digits: int = 7) -> str:
    """A number of so many digits, the first of which is not 0."""
    return str(rng.randrange(10 ** (digits - 1), 10**digits))


def uuid4(rng: random.Random) -> str:
    """A random UUID."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def hexadecimal(rng: random.Random, digits: int = 10) -> str:
    """A hexadecimal number of so many digits."""
    return f"{rng.getrandbits(4 * digits):0{digits}x}"


def value(rng: random.Random, kind: ValueKind) -> str:
    """A value that hides in a needle, or a key that it belongs to."""
    return {"words": key, "numbers": number, "uuids": uuid4}[kind](rng)
