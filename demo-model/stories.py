"""A grammar for tiny stories: somebody, a place, a wish or a trouble, help, and a good end. All sentences are ours."""

import words

PLACES = [
    "forest",
    "garden",
    "village",
    "kitchen",
    "harbour",
    "meadow",
    "library",
    "attic",
    "market",
    "barn",
    "valley",
    "lighthouse",
    "workshop",
    "school yard",
    "old mill",
    "mountain hut",
]
OPENINGS = [
    "Once upon a time there was a {a} {h} called {n}.",
    "Once upon a time a {a} {h} named {n} lived near a {p}.",
    "There was once a {a} {h}. Its name was {n}.",
    "Long ago, a {a} {h} called {n} lived in a {p}.",
]
MORNINGS = ["One {d} {n} went to the {p}.", "On a {w} {d} {n} walked to the {p}.", "One morning {n} came to the {p}."]
LOST = ["There {n} lost a {c} {o}.", "On the way {n} lost a {c} {o}.", "When {n} looked up, the {c} {o} was gone."]
SEARCH = [
    "{n} looked behind every tree, but it was not there.",
    "{n} searched all day and found nothing.",
    "{n} looked here and there and became sad.",
]
HELPER = [
    "Then a {a2} {h2} called {m} came along.",
    "Just then {m}, a {a2} {h2}, came by.",
    "A {a2} {h2} named {m} saw this and stopped.",
]
ASK = ['"Why are you so sad?" asked {m}.', '"Can I help you?" asked {m}.', '"What happened?" asked {m}.']
TELL = ['"I lost my {c} {o}," said {n}.', '"My {c} {o} is gone," said {n}.']
FOUND = [
    "Together they looked again and found the {o} under a {t}.",
    "{m} had good eyes and saw the {o} behind a {t}.",
    "They searched together, and there it was, next to a {t}.",
]
FINDS = [
    "There {n} found a {c} {o}.",
    "Under a {t} lay a {c} {o}, and nobody was near.",
    "{n} saw a {c} {o} behind a {t}.",
]
WONDER = ["{n} wondered whose it was.", '"Who lost this?" thought {n}.', "{n} had never seen such a {o}."]
OWNER = [
    "In the evening {n} met {m}, a {a2} {h2}, who was looking for it.",
    "Then {m} came, a {a2} {h2}, and looked very sad.",
]
GIVE = ['"Is this your {o}?" asked {n}.', '"I found this {o}," said {n}. "Is it yours?"']
YES = ['"Yes, it is mine! Thank you," said {m}.', '"Oh yes! Thank you so much," said {m}.']
WISH = [
    "{n} wanted to see the world from above.",
    "{n} wanted to learn how to swim.",
    "{n} wanted to bake a big cake.",
    "{n} wanted to build a little boat.",
    "{n} wanted to find a friend.",
]
TRY = ["The first time it went wrong.", "It was much harder than it looked.", "{n} tried once, twice and three times."]
SHARE = ["They shared some {f} and laughed.", "They ate {f} together.", "{n} gave {m} some {f}."]
NEXT = [
    "Some time later there was another adventure.",
    "But that was not all.",
    "The next week they had another adventure.",
]
ENDS = [
    "From that day on {n} and {m} were friends.",
    "And so they became good friends.",
    "They were happy, and that is the end of the story.",
    "After that they met every {d}.",
]
LEARNT = [
    "{n} learned that it is good to ask for help.",
    "{n} learned that two see more than one.",
    "{n} learned that patience helps.",
]

REQUESTS = [
    "Tell me a story.",
    "Tell me a tiny story.",
    "Write a short story.",
    "I would like to hear a story.",
    "Can you tell me a story?",
    "A story, please!",
    "Make up a story.",
    "Do you know a story?",
    "Read me a bedtime story.",
]
REQUESTS_LONG = [
    "Tell me a long story.",
    "Write a long story.",
    "I would like to hear a long story.",
    "A longer story, please.",
    "Can you tell me a longer story?",
]
REQUESTS_ABOUT = [
    "Tell me a story about a {x}.",
    "Write a tiny story about a {x}.",
    "Can you make up a story about a {x}?",
    "I want a story about a {x}.",
    "A short story about a {x}, please.",
    "Do you know a story about a {x}?",
    "Please invent a story with a {x}.",
]
REQUESTS_NAMED = [
    "Tell me a story about {x}.",
    "Write a story about a {y} called {x}.",
    "I want a story about {x} the {y}.",
    "Make up a story about {x}, a {y}.",
]


def story(w):
    """(request, story) from the choices of a Writer."""
    rng = w.rng
    hero, helper = rng.sample(words.ANIMALS, 2)
    s = {
        "n": w.name(),
        "m": w.name(),
        "h": hero,
        "h2": helper,
        "a": w.word(words.ADJECTIVES),
        "a2": w.word(words.ADJECTIVES),
        "p": rng.choice(PLACES),
        "d": rng.choice(words.DAYS),
        "w": rng.choice(words.WEATHER),
        "c": w.word(words.COLOURS),
        "o": w.word(words.OBJECTS),
        "t": rng.choice(["tree", "stone", "bush", "bench", "barrel", "bridge"]),
        "f": w.word(words.FOODS),
    }
    plots = (
        (OPENINGS, MORNINGS, LOST, SEARCH, HELPER, ASK, TELL, FOUND, SHARE, ENDS),
        (OPENINGS, MORNINGS, FINDS, WONDER, OWNER, GIVE, YES, SHARE, ENDS),
        (OPENINGS, WISH, TRY, HELPER, ASK, LEARNT, ENDS),
    )
    sentences = []
    long = rng.random() < 0.12
    plan = list(rng.choice(plots))
    if long:  # a second adventure of the same two
        plan = plan[:-1] + [NEXT, MORNINGS, FINDS, WONDER, SHARE, ENDS]
    for choices in plan:
        if choices in (SEARCH, SHARE, WONDER) and rng.random() < 0.3:
            continue
        sentences.append(rng.choice(choices).format(**s))
    text = " ".join(sentences)
    text = words.articles(text)
    if long:
        return w.of(REQUESTS_LONG), text
    r = rng.random()
    if r < 0.4:
        request = w.of(REQUESTS)
    elif r < 0.75:
        request = w.of(REQUESTS_ABOUT).format(x=hero)
    else:
        request = w.of(REQUESTS_NAMED).format(x=s["n"], y=hero)
    return words.articles(request), text
