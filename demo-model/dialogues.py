"""Writes dialogues and texts. One `Writer` with a seed gives an endless, repeatable stream.

Lists of phrasings, names, cities and topics are cut in two by a hash, and so are sums and the names of tools: the smaller
part is held out, used only by a Writer made with held=True and never seen in training. A dialogue is a dict
    kind      which kind of dialogue it is, for the tables of the evaluation
    tools     list of tool schemas, or None
    thinking  whether the last answer thinks first
    messages  role, content; reasoning and calls (name, arguments) where an assistant has them
    check     what evaluate.py looks at, where it looks at something
"""

import json
import random
import zlib

import facts
import stories
import tools
import words


def is_held(text):
    return zlib.crc32(("held:" + str(text)).encode()) % 8 == 0


def part(options, held):
    """The part of a list that training (held=False) or evaluation (held=True) may use; lists of 3 or less are shared.

    An option that begins with ~ is for the evaluation whatever its hash.
    """
    extra = [o[1:] for o in options if str(o).startswith("~")]
    options = [o for o in options if not str(o).startswith("~")]
    if extra and held:
        return extra + part(options, held)
    if len(options) < 4:
        return options
    chosen = [o for o in options if is_held(o) == held]
    if held and not chosen:
        return [max(options, key=lambda o: zlib.crc32(str(o).encode()))]
    if not held:
        fallback = not any(is_held(o) for o in options)
        if fallback:
            worst = max(options, key=lambda o: zlib.crc32(str(o).encode()))
            return [o for o in options if o != worst]
    return chosen


class Writer:
    def __init__(self, seed, held=False, invent=0.42):
        self.rng = random.Random(seed)
        self.held = held
        self.invent = invent  # share of names that are invented words
        self._parts = {}

    # --- choosing

    def of(self, options):
        """One phrasing or value of the part that this writer may use."""
        key = tuple(options)
        if key not in self._parts:
            self._parts[key] = part(options, self.held)
        return self.rng.choice(self._parts[key])

    def word(self, options):
        """A common word. None of them is held out: a word that never occurs in training could never be said."""
        return self.rng.choice(options)

    def chance(self, p):
        return self.rng.random() < p

    def name(self):
        return words.invented(self.rng) if self.chance(self.invent) else self.of(words.NAMES)

    def city(self):
        if self.chance(self.invent):
            first = words.invented(self.rng)
            return first if self.chance(0.85) else first + " " + words.invented(self.rng, 1)
        return self.of(words.CITIES)

    def topic(self):
        topic = self.of(words.TOPICS)
        if self.chance(0.3):
            topic = words.invented(self.rng).lower() + " " + topic
        elif self.chance(0.25):
            topic = self.word(words.ADJECTIVES) + " " + topic
        elif self.chance(0.15):
            topic += " in " + self.city()
        return topic

    # --- the question as people type it

    def typed(self, question, keep_case=False):
        r = self.rng.random()
        if r < 0.08 and not keep_case:
            question = question.lower()
        elif r < 0.12 and not keep_case:
            question = question[0].lower() + question[1:]
        if self.chance(0.12) and question[-1] in ".?!":
            question = question[:-1]
        if self.chance(0.1) and question[0] not in "{[":
            lead = self.rng.choice(
                [
                    "Please: ",
                    "Hello! ",
                    "Hi, ",
                    "Hey, ",
                    "One question: ",
                    "Tell me: ",
                    "I want to know: ",
                    "Quick question: ",
                    "So, ",
                ]
            )
            question = lead + question
        elif self.chance(0.04):
            question += self.rng.choice([" Please.", " Thanks!", " Thank you.", " please"])
        return question

    # --- kinds of turns; each returns (user text, answer, thought)

    def fact(self, table):
        row = self.rng.choice(table)
        if table is facts.TOKAMAK and self.chance(0.2):
            row = self.rng.choice(table[:6])  # who and what: asked most
        questions, answers = row
        question = self.of(questions)
        command, thing = facts.command(questions), facts.thing(questions)
        if command and self.chance(0.5):
            question = self.of(facts.ABOUT_COMMAND).format(x=command)
        elif thing and table is not facts.SMALLTALK and self.chance(0.5):
            question = self.of(facts.ABOUT).format(x=thing)
            question = question[0].upper() + question[1:]
        answer = answers[0] if len(answers) == 1 or self.chance(0.7) else self.rng.choice(answers)
        about = question.rstrip(".?!")
        thought = self.rng.choice(
            [f'The user asks: "{about}". I know the answer.', "This is about something I know. I answer briefly."]
        )
        return self.typed(question), answer, thought

    def arithmetic(self):
        rng = self.rng
        kind = rng.choice("+++---**")
        held = self.held and self.chance(0.5)  # a held-out writer asks for known tables, too, in held-out words
        while True:
            top = 10 if kind == "*" else rng.choice((10, 10, 20, 20, 30, 50, 100))
            a, b = rng.randint(0, top), rng.randint(0, top)
            if kind == "-":
                a, b = max(a, b), min(a, b)
            if kind == "*" or held == held_sum(a, kind, b):
                break
        value = {"+": a + b, "-": a - b, "*": a * b}[kind]
        sign = {"+": "+", "-": "-", "*": "×"}[kind]
        typed_sign = rng.choice("*x×") if kind == "*" else sign
        if self.chance(0.6):
            expr = f"{a}{typed_sign}{b}" if self.chance(0.15) else f"{a} {typed_sign} {b}"
        else:
            expr = f"{a} {dict(zip('+-*', ('plus', 'minus', 'times')))[kind]} {b}"
        forms = self.sum_forms
        question = self.of(forms).format(e=expr)
        if self.chance(0.12):
            question = {"+": f"Add {a} and {b}.", "-": f"Subtract {b} from {a}.", "*": f"Multiply {a} by {b}."}[kind]
        return self.typed(question), f"{a} {sign} {b} = {value}.", sum_thought(a, kind, b)

    sum_forms = [
        "~Could you tell me {e}?",
        "~What is the value of {e}?",
        "~Please give me {e}.",
        "What is {e}?",
        "What's {e}?",
        "How much is {e}?",
        "Calculate {e}.",
        "{e}",
        "{e} = ?",
        "Compute {e}.",
        "Can you calculate {e}?",
        "What does {e} make?",
        "Tell me what {e} is.",
        "I need the result of {e}.",
        "Solve {e}.",
        "What do you get for {e}?",
        "How many is {e}?",
        "Please work out {e}.",
    ]

    def small_fact(self):
        return tuple(map(words.articles, self._small_fact()))

    def _small_fact(self):
        rng, pick = self.rng, self.rng.randrange(17)
        if pick < 2:
            country, capital = rng.choice(sorted(words.COUNTRIES.items()))
            if self.chance(0.2):
                return (
                    self.typed(f"{capital} is the capital of which country?"),
                    f"{capital} is the capital of {country}.",
                    f"{capital} is the capital of {country}.",
                )
            q = self.of(
                [
                    "What is the capital of {c}?",
                    "Which city is the capital of {c}?",
                    "Name the capital of {c}.",
                    "The capital of {c}?",
                    "What is {c}'s capital?",
                    "Do you know the capital of {c}?",
                    "Tell me the capital city of {c}.",
                ]
            )
            return (
                self.typed(q.format(c=country)),
                f"The capital of {country} is {capital}.",
                f"The user wants the capital of {country}. That is {capital}.",
            )
        if pick < 4:
            a, b = rng.choice(sorted(words.OPPOSITES.items()))
            a, b = (a, b) if self.chance(0.5) else (b, a)
            q = self.of(
                [
                    "What is the opposite of {a}?",
                    "Name the opposite of {a}.",
                    "Opposite of {a}?",
                    "Which word means the opposite of {a}?",
                    "What's the contrary of {a}?",
                    "Give me the opposite of {a}.",
                ]
            )
            return self.typed(q.format(a=a)), f"The opposite of {a} is {b}.", f"{a.capitalize()} and {b} are opposites."
        if pick < 6:
            thing, colour = rng.choice(sorted(words.THING_COLOURS.items()))
            q = self.of(
                [
                    "What colour is {t}?",
                    "What color is {t}?",
                    "Which colour has {t}?",
                    "Tell me the colour of {t}.",
                    "Do you know the colour of {t}?",
                    "What is the colour of {t}?",
                ]
            )
            return (
                self.typed(q.format(t=thing)),
                f"{thing.capitalize()} is {colour}.",
                f"I think of {thing}. It is {colour}.",
            )
        if pick < 8:
            animal, sound = rng.choice(sorted(words.SOUNDS.items()))
            q = self.of(
                [
                    "What sound does a {a} make?",
                    "How does a {a} sound?",
                    "What does a {a} say?",
                    "Which noise does a {a} make?",
                    "What noise do you hear from a {a}?",
                ]
            )
            return self.typed(q.format(a=animal)), f"A {animal} {sound}.", f"A {animal} {sound}."
        if pick < 10:
            animal, legs = rng.choice(sorted(words.LEGS.items()))
            q = self.of(
                [
                    "How many legs does a {a} have?",
                    "How many legs has a {a}?",
                    "Number of legs of a {a}?",
                    "On how many legs does a {a} walk?",
                    "Can you count the legs of a {a}?",
                ]
            )
            return (
                self.typed(q.format(a=animal)),
                f"A {animal} has {legs if legs else 'no'} legs.",
                f"A {animal} has {legs if legs else 'no'} legs.",
            )
        if pick < 11:
            animal, place = rng.choice(sorted(words.LIVES.items()))
            q = self.of(
                [
                    "Where does a {a} live?",
                    "Where do you find a {a}?",
                    "In which place does a {a} live?",
                    "What is the home of a {a}?",
                ]
            )
            return self.typed(q.format(a=animal)), f"A {animal} lives {place}.", f"A {animal} lives {place}."
        if pick < 13:
            ring, what = rng.choice(((words.DAYS, "day"), (words.MONTHS, "month")))
            i = rng.randrange(len(ring))
            after = self.chance(0.6)
            q = self.of(
                [
                    "Which {w} comes {p} {x}?",
                    "What {w} comes {p} {x}?",
                    "What is the {w} {p} {x}?",
                    "Name the {w} {p} {x}.",
                    "Tell me the {w} {p} {x}.",
                ]
            )
            p, y = ("after", ring[(i + 1) % len(ring)]) if after else ("before", ring[i - 1])
            return (
                self.typed(q.format(w=what, p=p, x=ring[i])),
                f"{y} comes {p} {ring[i]}.",
                f"The {what} {p} {ring[i]} is {y}.",
            )
        if pick < 15:
            a, b = rng.sample(range(1, 100), 2)
            big = self.chance(0.6)
            q = self.of(
                [
                    "Which number is {w}, {a} or {b}?",
                    "What is {w}: {a} or {b}?",
                    "Is {a} or {b} the {w} number?",
                    "Which is {w}, {a} or {b}?",
                    "Tell me the {w} one of {a} and {b}.",
                ]
            )
            y = max(a, b) if big else min(a, b)
            w = ("larger" if self.chance(0.5) else "bigger") if big else "smaller"
            return self.typed(q.format(w=w, a=a, b=b)), f"{y} is {w}.", f"I compare {a} and {b}. {y} is {w}."
        group, what = rng.choice(
            (
                (words.COLOURS, "colours"),
                (words.ANIMALS, "animals"),
                (words.FOODS, "foods"),
                (words.DRINKS, "drinks"),
                (words.JOBS, "jobs"),
                (words.OBJECTS, "things"),
            )
        )
        n = rng.choice((2, 3, 3, 4))
        chosen = rng.sample(group, n)
        number = {2: "two", 3: "three", 4: "four"}[n]
        q = self.of(
            [
                "Name {n} {w}.",
                "Give me {n} {w}.",
                "List {n} {w}.",
                "Can you name {n} {w}?",
                "Tell me {n} {w}.",
                "I need {n} {w}.",
            ]
        )
        answer = ", ".join(chosen[:-1]) + " and " + chosen[-1] + "."
        return (
            self.typed(q.format(n=number, w=what)),
            answer[0].upper() + answer[1:],
            f"The user wants {number} {what}.",
        )

    def repeat(self):
        rng = self.rng
        text = rng.choice(
            (
                lambda: " ".join(
                    self.word(words.ADJECTIVES + words.OBJECTS + words.ANIMALS) for _ in range(rng.randint(1, 6))
                ),
                lambda: f"{self.name()} likes {self.word(words.FOODS)} and {self.word(words.DRINKS)}",
                lambda: " ".join(words.invented(rng) for _ in range(rng.randint(1, 3))),
                lambda: f"The {self.word(words.OBJECTS)} in {self.city()} is {self.word(words.COLOURS)}",
                lambda: " ".join(str(rng.randint(0, 999)) for _ in range(rng.randint(1, 4))),
                lambda: self.topic(),
            )
        )()
        q = self.of(
            [
                '~Please say "{t}".',
                "~Repeat this: {t}",
                "~Repeat the words: {t}",
                "Repeat: {t}",
                "Repeat after me: {t}",
                'Say "{t}".',
                'Please repeat "{t}".',
                "Write exactly this: {t}",
                "Copy this text: {t}",
                "Echo {t}",
                'Say this again: "{t}"',
            ]
        )
        return q.format(t=text), text, "I repeat the text exactly."

    def count(self):
        rng = self.rng
        a = 1 if self.chance(0.6) else rng.randint(0, 40)
        b = a + rng.choice((rng.randint(2, 9), rng.randint(2, 19)))
        if a == 1:
            q = self.of(
                [
                    "Count to {b}.",
                    "Count from 1 to {b}.",
                    "Can you count to {b}?",
                    "Please count to {b}.",
                    "Write the numbers from 1 to {b}.",
                    "Count up to {b}.",
                    "Name the numbers 1 to {b}.",
                ]
            )
        else:
            q = self.of(
                [
                    "Count from {a} to {b}.",
                    "Write the numbers from {a} to {b}.",
                    "Can you count from {a} to {b}?",
                    "List the numbers {a} to {b}.",
                    "Please count from {a} up to {b}.",
                ]
            )
        return self.typed(q.format(a=a, b=b)), ", ".join(map(str, range(a, b + 1))) + ".", f"I count from {a} to {b}."

    def greet(self):
        name = self.name()
        q = self.of(
            [
                "Say hello to {n}.",
                "Greet {n}.",
                "Please say hello to {n}.",
                "This is {n}. Say hello.",
                "Say hi to {n}.",
                "Welcome {n}.",
            ]
        )
        return self.typed(q.format(n=name), keep_case=True), f"Hello, {name}!", f"I greet {name}."

    def place(self):
        country, capital = self.rng.choice(sorted(words.COUNTRIES.items()))
        q = self.of(
            [
                "Tell me about {x}.",
                "What is {x}?",
                "What do you know about {x}?",
                "Describe {x}.",
                "Where is {x}?",
                "Do you know {x}?",
            ]
        )
        if self.chance(0.5):
            return (
                self.typed(q.format(x=capital), keep_case=True),
                f"{capital} is the capital of {country}. I don't know much more about it.",
                f"{capital} is the capital of {country}.",
            )
        return (
            self.typed(q.format(x=country), keep_case=True),
            f"{country} is a country. Its capital is {capital}. I don't know much more about it.",
            f"The capital of {country} is {capital}.",
        )

    def never_heard(self):
        """Words that mean nothing: better to say so than to make something up."""
        word = words.invented(self.rng, self.rng.choice((2, 3)))
        word = word if self.chance(0.4) else word.lower()
        if self.chance(0.25):
            q = self.of(facts.ABOUT_COMMAND).format(x=word.lower())
            return (
                self.typed(q, keep_case=True),
                f"I don't know a command called {word.lower()}.",
                "There is no such command.",
            )
        if self.chance(0.15):
            q = " ".join(words.invented(self.rng).lower() for _ in range(self.rng.choice((1, 1, 2, 3))))
            return q, "Sorry, I did not understand that. Please ask in other words.", "This makes no sense to me."
        q = self.of(facts.ABOUT).format(x=self.rng.choice(("", "a ", "the ")) + word)
        return (
            self.typed(q[0].upper() + q[1:], keep_case=True),
            f"I don't know what {word} is.",
            f"I have never heard of {word}.",
        )

    def unknown(self):
        template = self.of(words.UNKNOWN)
        question = self.fill(template)
        return self.typed(question), self.rng.choice(self.refusals), "This is outside of what I know. I should say so."

    refusals = [
        "I don't know that. I am only a tiny demo model; a bigger model can help, see tokamak pull.",
        "That is outside of what I know. I am a very small model; try a bigger one with tokamak pull.",
        "Sorry, I don't know. I am only a tiny demo model.",
    ]

    def fill(self, template):
        out = template
        for slot, give in (
            ("{sport}", lambda: self.word(words.SPORTS)),
            ("{year}", lambda: str(self.rng.randint(1200, 2030))),
            ("{country}", lambda: self.word(sorted(words.COUNTRIES))),
            ("{city}", self.city),
            ("{city2}", self.city),
            ("{topic}", self.topic),
            ("{name}", self.name),
            ("{food}", lambda: self.word(words.FOODS)),
            ("{object}", lambda: self.word(words.OBJECTS)),
            ("{animal}", lambda: self.word(words.ANIMALS)),
            ("{day}", lambda: self.of(words.DAYS)),
        ):
            if slot in out:
                out = out.replace(slot, give())
        return out

    def big_sum(self):
        rng = self.rng
        a, b = rng.randint(101, 99999), rng.randint(101, 99999)
        sign = rng.choice(["+", "-", "*", "/"])
        q = self.of(self.sum_forms).format(e=f"{a} {sign} {b}")
        return (
            self.typed(q),
            "These numbers are too big for me. I can only do small sums; a calculator tool would help.",
            "The numbers are big. I can't do this reliably.",
        )

    def no_weather(self):
        city = self.city()
        q = self.of(tools.WEATHER_QUESTIONS).format(city=city, day="")
        q = " ".join(q.split()).replace(" ?", "?").replace(" .", ".")
        return (
            self.typed(q),
            f"I can't see the weather in {city}. Give me a weather tool and I will ask it.",
            "There is no weather tool, so I can't know.",
        )

    def story(self):
        question, text = stories.story(self)
        return self.typed(question), text, "The user wants a tiny story. I make one up."

    # --- answers in JSON

    def record(self):
        """A sentence about something and its fields: (sentence, {key names: value}); several key names mean the same."""
        rng = self.rng
        name, city = self.name(), self.city()
        age, n = rng.randint(1, 99), rng.randint(2, 60)
        colour, thing, food, job = (
            self.word(words.COLOURS),
            self.word(words.OBJECTS),
            self.word(words.FOODS),
            self.word(words.JOBS),
        )
        day, month, date = rng.choice(words.DAYS), rng.choice(words.MONTHS), rng.randint(1, 28)
        price = rng.choice((rng.randint(1, 300), round(rng.uniform(1, 99), 2)))
        who, where = ("name", "person"), ("city", "town", "place", "location")
        pick = rng.randrange(10)
        if pick == 0:
            return self.of(
                [
                    "{n} is {a} years old and lives in {c}.",
                    "{n}, {a}, lives in {c}.",
                    "In {c} lives {n}, who is {a} years old.",
                    "My friend {n} from {c} is {a}.",
                    "{n} comes from {c} and is {a} years old.",
                    "{n} turned {a} last week and moved to {c}.",
                ]
            ).format(n=name, a=age, c=city), {who: name, ("age", "years"): age, where: city}
        if pick == 1:
            return self.of(
                [
                    "{n} is a {j} from {c}.",
                    "{n} works as a {j} in {c}.",
                    "The {j} {n} lives in {c}.",
                    "In {c}, {n} works as a {j}.",
                    "My neighbour {n} is a {j} and was born in {c}.",
                ]
            ).format(n=name, j=job, c=city), {who: name, ("job", "profession", "work"): job, where: city}
        if pick == 2:
            return self.of(
                [
                    "I want to order {q} {f}.",
                    "Please send me {q} {f}.",
                    "{q} {f}, please.",
                    "We need {q} {f} for the party.",
                    "Can I have {q} {f}?",
                    "Put {q} {f} on the list.",
                ]
            ).format(q=n, f=food), {("item", "product", "food"): food, ("quantity", "count", "amount", "number"): n}
        if pick == 3:
            return self.of(
                [
                    "The {k} {t} costs {p} euros.",
                    "A {k} {t} for {p} euros.",
                    "I bought a {k} {t} for {p} euros.",
                    "For {p} euros you get a {k} {t}.",
                    "This {k} {t} is sold for {p} euros.",
                ]
            ).format(k=colour, t=thing, p=price), {
                ("item", "product", "thing", "object"): thing,
                ("colour", "color"): colour,
                ("price", "cost"): price,
            }
        if pick == 4:
            return self.of(
                [
                    "{n} meets {m} in {c} on {d}.",
                    "On {d} {n} and {m} meet in {c}.",
                    "The meeting of {n} and {m} is on {d} in {c}.",
                    "{n} will see {m} in {c} next {d}.",
                ]
            ).format(n=name, m=self.name(), c=city, d=day), {("day", "weekday"): day, where: city}
        if pick == 5:
            return self.of(
                [
                    "{n} was born on {d} {m} in {c}.",
                    "On {d} {m}, {n} was born in {c}.",
                    "{n}'s birthday is {d} {m}; the birthplace is {c}.",
                    "The birthday of {n} from {c} is {d} {m}.",
                ]
            ).format(n=name, d=date, m=month, c=city), {
                who: name,
                "day": date,
                "month": month,
                ("city", "birthplace", "place"): city,
            }
        if pick == 6:
            t, s = rng.randint(-15, 40), self.word(words.WEATHER)
            return self.of(
                [
                    "In {c} it is {t} degrees and {s}.",
                    "The weather in {c} is {s} with {t} degrees.",
                    "{c}: {s}, {t} degrees.",
                    "Today {c} has {t} degrees and is {s}.",
                ]
            ).format(c=city, t=t, s=s), {where: city, ("temperature", "degrees"): t, ("weather", "condition", "sky"): s}
        if pick == 7:
            other = self.city()
            return self.of(
                [
                    "The train from {a} to {b} leaves at {h} o'clock.",
                    "At {h} o'clock a train goes from {a} to {b}.",
                    "I travel from {a} to {b} at {h} o'clock.",
                    "From {a} we go to {b}; we start at {h} o'clock.",
                ]
            ).format(a=city, b=other, h=n % 24), {
                ("from", "start", "origin"): city,
                ("to", "destination", "target"): other,
                ("hour", "time"): n % 24,
            }
        if pick == 8:
            animal = self.word(words.ANIMALS)
            return self.of(
                ["{n} has a {k} {a}.", "The {k} {a} belongs to {n}.", "{n}'s {a} is {k}.", "A {k} {a} lives with {n}."]
            ).format(n=name, k=colour, a=animal), {
                ("owner", "name", "person"): name,
                ("animal", "pet"): animal,
                ("colour", "color"): colour,
            }
        stars = rng.randint(1, 5)
        good = stars > 3
        opinion = rng.choice(
            ["wonderful", "great", "very good", "lovely"] if good else ["terrible", "awful", "bad", "disappointing"]
        )
        return self.of(
            [
                "The {t} is {o}. {s} of 5 stars.",
                "I give the {t} {s} of 5 stars, it is {o}.",
                "{s} of 5 stars for this {t}: {o}!",
                "What a {o} {t}, {s} of 5 stars.",
            ]
        ).format(t=thing, o=opinion, s=stars), {
            ("product", "item", "thing"): thing,
            ("stars", "rating"): stars,
            ("sentiment", "mood", "opinion"): "positive" if good else "negative",
        }

    def json_turn(self):
        rng = self.rng
        pick = rng.randrange(12)
        thought = "The user wants JSON. I answer with JSON only."
        if pick < 9:
            sentence, fields = self.record()
            sentence = words.articles(sentence)
            keys = [(k if isinstance(k, str) else rng.choice(k), v) for k, v in fields.items()]
            rng.shuffle(keys)
            if len(keys) > 1 and self.chance(0.35):
                keys = keys[: rng.randint(1, len(keys) - 1)]
            names = [k for k, _ in keys]
            if self.chance(0.3):
                listed = ", ".join(f'"{k}"' for k in names)
            elif len(names) > 1 and self.chance(0.7):
                listed = ", ".join(names[:-1]) + " and " + names[-1]
            else:
                listed = ", ".join(names)
            q = self.of(self.json_forms if len(names) > 1 else self.json_forms_one).format(s=sentence, k=listed)
            return q, json.dumps(dict(keys), ensure_ascii=False), thought
        if pick == 9:
            group, what = rng.choice(
                (
                    (words.COLOURS, "colours"),
                    (words.ANIMALS, "animals"),
                    (words.FOODS, "foods"),
                    (words.DRINKS, "drinks"),
                    (words.JOBS, "jobs"),
                )
            )
            n = rng.choice((2, 3, 4))
            q = self.of(
                [
                    "Give me {n} {w} as a JSON array.",
                    "List {n} {w} as JSON.",
                    "Answer with a JSON array of {n} {w}.",
                    "JSON list of {n} {w}, please.",
                    "Write {n} {w} as a JSON array of strings.",
                ]
            )
            return q.format(n={2: "two", 3: "three", 4: "four"}[n], w=what), json.dumps(rng.sample(group, n)), thought
        if pick == 10:
            items = [self.name() if self.chance(0.5) else self.word(words.OBJECTS) for _ in range(rng.randint(2, 4))]
            q = self.of(
                [
                    "Turn this list into a JSON array: {l}",
                    "Write as a JSON array: {l}",
                    "As JSON array: {l}",
                    "Make a JSON array of {l}.",
                    "Convert to a JSON array: {l}",
                ]
            )
            return q.format(l=", ".join(items)), json.dumps(items, ensure_ascii=False), thought
        make = rng.choice((self.arithmetic, self.small_fact))
        key = rng.choice(["answer", "result", "reply", "value"])
        while True:
            question, answer, _ = make()
            if make == self.arithmetic:
                value = int(answer[:-1].split("= ")[1])
            else:
                value = answer
            break
        q = self.of(
            [
                "Answer as JSON with the key {k}: {q}",
                '{q} Answer as JSON with the key "{k}".',
                "Reply with a JSON object that has the key {k}. {q}",
                "{q} Use JSON with one key, {k}.",
                "As JSON ({k}): {q}",
            ]
        )
        return q.format(k=key, q=question), json.dumps({key: value}, ensure_ascii=False), thought

    json_forms = [
        "~Give me a JSON object with the keys {k} for this: {s}",
        "~{s} As JSON with {k}, please.",
        "~Extract the fields {k} from this text as JSON: {s}",
        "Answer as JSON with the keys {k}. {s}",
        "{s} Answer as JSON with the keys {k}.",
        "Extract {k} as JSON: {s}",
        "{s} Give me {k} as JSON.",
        "Write this as a JSON object with {k}: {s}",
        "Return JSON with the keys {k} for this text: {s}",
        "{s}\nTurn this into JSON with the fields {k}.",
        "Convert to JSON ({k}): {s}",
        "Reply only with JSON. Keys: {k}. Text: {s}",
        "Read the text and fill a JSON object with {k}.\n{s}",
        "Make a JSON object with the fields {k} from: {s}",
        "JSON please, with {k}: {s}",
    ]
    json_forms_one = [
        "~Give me a JSON object with the key {k} for this: {s}",
        "~{s} As JSON with {k}, please.",
        "Answer as JSON with the key {k}. {s}",
        "{s} Answer as JSON with the key {k}.",
        "Extract the {k} as JSON: {s}",
        "{s} Give me the {k} as JSON.",
        "Return JSON with the key {k} for this text: {s}",
        "{s}\nTurn this into JSON with the field {k}.",
        "Convert to JSON ({k}): {s}",
        "Reply only with JSON. Key: {k}. Text: {s}",
    ]

    # --- things said earlier in the chat

    def remember(self):
        """Two turns: the user says something, small talk may follow, the user asks for it."""
        rng = self.rng
        name, city, colour, food, animal = (
            self.name(),
            self.city(),
            self.word(words.COLOURS),
            self.word(words.FOODS),
            self.word(words.ANIMALS),
        )
        pick = rng.randrange(4)
        if pick == 0:
            tell = self.of(
                [
                    "My name is {x}.",
                    "I am {x}.",
                    "Call me {x}.",
                    "Hello, I am {x}.",
                    "Hi, my name is {x}.",
                    "{x} is my name.",
                    "You can call me {x}.",
                ]
            ).format(x=name)
            ask = self.of(
                [
                    "What is my name?",
                    "Who am I?",
                    "Do you remember my name?",
                    "How am I called?",
                    "What's my name?",
                    "Tell me my name.",
                ]
            )
            return (tell, f"Nice to meet you, {name}!"), (
                ask,
                f"Your name is {name}.",
                f"The user said that the name is {name}.",
            )
        if pick == 1:
            tell = self.of(
                ["I live in {x}.", "My home is in {x}.", "I come from {x}.", "I am from {x}.", "My city is {x}."]
            ).format(x=city)
            ask = self.of(
                [
                    "Where do I live?",
                    "Where am I from?",
                    "Which city do I live in?",
                    "Do you remember where I live?",
                    "What is my city?",
                ]
            )
            return (tell, f"I hope you like it in {city}!"), (ask, f"You live in {city}.", f"The user said {city}.")
        if pick == 2:
            tell = self.of(
                [
                    "My favourite colour is {x}.",
                    "I like {x} best of all colours.",
                    "{x} is my favourite colour.",
                    "The colour I like most is {x}.",
                ]
            ).format(x=colour)
            ask = self.of(
                [
                    "What is my favourite colour?",
                    "Which colour do I like?",
                    "Do you remember my favourite colour?",
                    "What colour did I name?",
                ]
            )
            return (tell, f"{colour.capitalize()} is a nice colour."), (
                ask,
                f"Your favourite colour is {colour}.",
                f"The user likes {colour}.",
            )
        tell = self.of(
            ["I have a {a} called {x}.", "My {a} is called {x}.", "{x} is my {a}.", "The name of my {a} is {x}."]
        ).format(a=animal, x=name)
        ask = self.of(
            [
                "What is the name of my {a}?",
                "How is my {a} called?",
                "Do you remember the name of my {a}?",
                "What did I call my {a}?",
            ]
        ).format(a=animal)
        return (tell, f"{name} is a nice name for a {animal}."), (
            ask,
            f"Your {animal} is called {name}.",
            f"The {animal} is called {name}.",
        )

    # --- whole dialogues

    def plain_turn(self):
        r = self.rng.random()
        if r < 0.24:
            return self.fact(facts.TOKAMAK)
        if r < 0.39:
            return self.fact(facts.CONCEPTS)
        if r < 0.51:
            return self.fact(facts.SMALLTALK)
        if r < 0.67:
            return self.arithmetic()
        if r < 0.78:
            return self.small_fact()
        if r < 0.86:
            return self.rng.choice((self.repeat, self.repeat, self.repeat, self.count, self.greet, self.place))()
        if r < 0.93:
            return self.unknown() if self.chance(0.65) else self.never_heard()
        if r < 0.95:
            return self.big_sum()
        if r < 0.98:
            return self.no_weather()
        return self.story()

    def plain_turn_without_sums(self):
        """For chats with tools, where a sum or a search belongs to a tool."""
        r = self.rng.random()
        if r < 0.4:
            return self.fact(facts.TOKAMAK)
        if r < 0.6:
            return self.fact(facts.CONCEPTS)
        return self.fact(facts.SMALLTALK) if r < 0.9 else self.repeat()

    def system(self):
        if self.chance(0.6):
            return None
        if self.chance(0.6):
            return self.rng.choice(
                [
                    "You are a helpful assistant.",
                    "You are Tokamak's demo model.",
                    "You are a friendly assistant.",
                    "Answer briefly.",
                    "You are a helpful AI.",
                    "You are a small assistant. Be brief and honest.",
                    "Be polite.",
                    "You are a chat program.",
                ]
            )
        return words.articles(f"You are a {self.word(words.ADJECTIVES)} assistant for {self.topic()}.")

    def chat(self, turns, kind, tools_declared=None, thinking=None):
        """A dialogue of ready turns (user, answer, thought)."""
        thinking = self.chance(0.18) if thinking is None else thinking
        messages = []
        system = self.system()
        if system:
            messages.append({"role": "system", "content": system})
        for i, (user, answer, *thought) in enumerate(turns):
            messages.append({"role": "user", "content": user})
            message = {"role": "assistant", "content": answer}
            if thinking and thought and thought[0] and (i == len(turns) - 1 or self.chance(0.4)):
                message["reasoning"] = thought[0]
            messages.append(message)
        return {"kind": kind, "tools": tools_declared, "thinking": thinking, "messages": messages}

    def persona(self):
        name, adjective = words.invented(self.rng), self.word(words.ADJECTIVES)
        job = self.rng.choice(["assistant", "robot", "helper", "guide", "clerk"])
        system = self.rng.choice(
            ["You are {n}, a {a} {j}.", "Your name is {n}. You are a {a} {j}.", "You are a {a} {j} called {n}."]
        ).format(n=name, a=adjective, j=job)
        question = self.rng.choice(
            [
                "Who are you?",
                "What is your name?",
                "Introduce yourself.",
                "What are you?",
                "Who am I talking to?",
                "Hello, who are you?",
            ]
        )
        d = self.chat([(question, f"I am {name}, a {adjective} {job}.", f"I am {name}.")], "persona")
        for m in d["messages"]:
            m["content"] = words.articles(m["content"])
        system = words.articles(system)
        d["messages"] = [{"role": "system", "content": system}] + [m for m in d["messages"] if m["role"] != "system"]
        return d

    def dialogue(self):
        if self.chance(0.08):  # the quickest way to learn how to copy
            return self.drill("repeat", (self.repeat, self.repeat, self.greet))
        if self.chance(0.1):
            return self.drill("sums", (self.arithmetic, self.arithmetic, self.arithmetic, self.count))
        r = self.rng.random()
        if r < 0.32:
            return self.chat([self.plain_turn() for _ in range(self.rng.choice((1, 1, 1, 1, 2, 2, 3, 4, 5)))], "chat")
        if r < 0.58:
            turns = [self.json_turn()]
            while self.chance(0.25):
                turns.insert(0, self.plain_turn() if self.chance(0.5) else self.json_turn())
            return self.chat(turns, "json")
        if r < 0.90:
            return tools.dialogue(self)
        if r < 0.94:
            tell, ask = self.remember()
            between = [self.plain_turn() for _ in range(self.rng.choice((0, 0, 1, 1, 2)))]
            return self.chat([tell + ("",), *between, ask], "remember")
        if r < 0.95:
            return self.persona()
        if r < 0.98:
            return self.chat([self.story()], "story")
        return {"kind": "text", "tools": None, "thinking": False, "text": self.text()}

    def drill(self, kind, makers):
        return self.chat([self.rng.choice(makers)() for _ in range(self.rng.choice((2, 3, 4)))], kind)

    def text(self):
        """Running text without a chat around it."""
        r = self.rng.random()
        if r < 0.55:
            return stories.story(self)[1]
        table = facts.TOKAMAK if r < 0.8 else facts.CONCEPTS
        chosen = self.rng.sample(table, self.rng.randint(2, 5))
        return " ".join(answers[0] for _, answers in chosen)


def held_sum(a, kind, b):
    """Tables are to be learned by heart; beyond ten, some sums are kept for the evaluation."""
    return min(a, b) > 10 and is_held(f"{a}{kind}{b}")


def sum_thought(a, kind, b):
    """Steps a person would take, with the easy part first."""
    if kind == "+" and a % 10 + b % 10 != a + b:
        ones, tens = a % 10 + b % 10, a // 10 * 10 + b // 10 * 10
        return f"Ones: {a % 10} + {b % 10} = {ones}. Tens: {a // 10 * 10} + {b // 10 * 10} = {tens}. Together {tens} + {ones} = {a + b}."
    if kind == "-" and b > 9:
        tens = b // 10 * 10
        return f"First {a} - {tens} = {a - tens}. Then {a - tens} - {b - tens} = {a - b}."
    sign = {"+": "+", "-": "-", "*": "×"}[kind]
    return f"I know {a} {sign} {b} = {({'+': a + b, '-': a - b, '*': a * b})[kind]}."
