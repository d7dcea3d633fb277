"""Twenty preferences, and a question for each in which it matters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A preference.

    Attributes:
        explicit: The preference as the user says it.
        implicit: A choice of the user's that shows it.
        question: A later question that does not mention it.
        suitable: The choice that respects it.
        others: Three choices that do not.
    """

    explicit: str
    implicit: str
    question: str
    suitable: str
    others: tuple[str, str, str]


ROWS = (
    Row("I never eat fish or seafood.", "I sent the prawns back again; nothing from the sea for me, as always.",
        "What should I order tonight?", "Mushroom risotto", ("Grilled salmon", "Mussels in wine", "Tuna salad")),
    Row("I cannot stand heights.", "I left the tower after three steps; my knees shake wherever it is high.",
        "What shall we do on Sunday?", "A walk along the canal", ("A cable car ride", "A climbing park", "Tea on the roof terrace")),
    Row("I do not fly any more.", "I took the train for nineteen hours so as not to board a plane; so I do it now.",
        "How should I travel to the meeting abroad?", "By night train", ("By the morning flight", "By charter plane", "By a low-cost airline")),
    Row("I only read books on paper.", "I gave my reading device away and bought the printed edition, as I do now.",
        "How shall I get the new novel?", "The hardback from the bookshop", ("The e-book", "The audio file", "The app's subscription")),
    Row("I avoid loud places.", "We left the party at once since noise makes me ill, as you know.",
        "Where should I meet my friends?", "In a quiet tea room", ("At a rock concert", "In a karaoke bar", "At the motor race")),
    Row("I am allergic to cats.", "I moved out of my friend's flat within a day because of her cat's hair.",
        "Which flat should I rent?", "The one with a goldfish", ("The one with two cats", "The one above the cat shelter", "The one shared with a cat breeder")),
    Row("I want to buy from small shops only.", "I crossed the town for the corner shop and left the department store aside, on principle.",
        "Where do I get a lamp?", "At the lamp maker's workshop", ("At the big furniture chain", "In the department store", "From the largest online shop")),
    Row("I drink no alcohol.", "I poured the champagne into the flowers and asked for juice, as on every birthday.",
        "What do I bring to the dinner?", "Elderflower lemonade", ("A bottle of red wine", "Craft beer", "Plum brandy")),
    Row("I cannot bear the cold.", "I cut the winter holiday short; below ten degrees I am of no use.",
        "Where should I spend January?", "On a southern island", ("In an ice hotel", "In a ski hut", "On a glacier tour")),
    Row("I do not watch anything violent.", "I switched the thriller off at the first shot; I can never see that.",
        "Which film shall we see?", "A comedy about a baker", ("A war epic", "A slasher film", "A gangster drama")),
    Row("I get up late and work at night.", "I was asked for eight in the morning and moved it to nine in the evening, when I am awake.",
        "When should I take the course?", "At eight in the evening", ("At six in the morning", "At seven in the morning", "At breakfast time")),
    Row("I eat only vegan food.", "I gave the cheese and the honey away; nothing of animals comes on my plate.",
        "What cake should we bake?", "Apple cake with oat milk", ("Cheesecake", "Butter cake with eggs", "Honey cake with cream")),
    Row("I hate crowds.", "I turned round when I saw the queue; among many people I cannot breathe.",
        "When should I visit the museum?", "On a rainy Tuesday morning", ("On the opening night", "On the free Sunday", "During the city festival")),
    Row("I do not want to own a car.", "I sold the car and kept the bicycle, and I am glad each day.",
        "How should I get to the new job?", "By bicycle and tram", ("With a leased car", "With a used car", "With a company car")),
    Row("I like old houses and no new ones.", "I walked out of the new tower block and signed for the crooked house of 1780.",
        "Which hotel should I book?", "The inn from the seventeenth century", ("The glass tower", "The new container hotel", "The airport hotel built last year")),
    Row("I do not use social networks.", "I deleted every account last year and do not miss one.",
        "How do I tell everybody of my move?", "By postcards", ("By a post on a network", "By a short video for followers", "By a story in an app")),
    Row("I am afraid of water.", "I stayed on the pier while the others sailed; I never go on the water.",
        "What do I book for my birthday?", "A train ride through the hills", ("A boat trip", "A diving lesson", "A canoe tour")),
    Row("I prefer to learn from people and not from screens.", "I dropped the video course and found a teacher in my street.",
        "How should I learn Italian?", "With a tutor at the kitchen table", ("With an app", "With recorded videos", "With a chat program")),
    Row("I cannot eat nuts.", "I spent a night in hospital because of an almond, so I read every label.",
        "Which sweet shall I buy?", "Lemon sherbet", ("Almond nougat", "Walnut fudge", "Hazelnut chocolate")),
    Row("I wear no wool, since it itches.", "I gave my grandmother's pullover back; wool and my skin are no friends.",
        "What should I wear in autumn?", "A thick cotton jacket", ("A woollen coat", "A lambswool pullover", "A merino cardigan")),
)  # fmt: skip
