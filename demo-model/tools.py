"""Dialogues with tools. Names, descriptions, parameter names and phrasings vary, so that the model has to read the
declarations instead of remembering tools. Some pairs of an action and a thing are held
out and make tools whose names were never seen."""

import json
import zlib

import dialogues
import words

WEATHER_QUESTIONS = [
    "~What is the weather going to be in {city} {day}?",
    "~How's the weather in {city} {day}?",
    "~Any rain in {city} {day}?",
    "What is the weather in {city} {day}?",
    "What's the weather like in {city} {day}?",
    "How is the weather in {city} {day}?",
    "Is it raining in {city} {day}?",
    "Will it rain in {city} {day}?",
    "Do I need an umbrella in {city} {day}?",
    "How warm is it in {city} {day}?",
    "Weather in {city} {day}",
    "Tell me the weather in {city} {day}.",
    "I travel to {city} {day}. How is the weather?",
    "Is it cold in {city} {day}?",
    "What is the temperature in {city} {day}?",
    "Give me the forecast for {city} {day}.",
    "Can you check the weather in {city} {day}?",
    "I am in {city}. What is the weather {day}?",
    "Is it sunny in {city} {day}?",
    "What will the weather be in {city} {day}?",
    "How hot is it in {city} {day}?",
    "Does it snow in {city} {day}?",
    "Please look up the weather for {city} {day}.",
]
SEARCH_QUESTIONS = [
    "~Could you search for {q}?",
    "~Search online for {q}.",
    "~I would like to read about {q}.",
    "~Find pages about {q}.",
    "Search for {q}.",
    "Search the web for {q}.",
    "Find information about {q}.",
    "Look up {q}.",
    "Google {q}.",
    "Please search for {q}.",
    "Can you look up {q}?",
    "I need information about {q}.",
    "What can you find about {q}?",
    "Do a search for {q}.",
    "Find something about {q}.",
    "Search {q}",
    "Look for {q} on the internet.",
    "Show me results for {q}.",
    "Please find out more about {q}.",
]
CALC_QUESTIONS = [
    "~Could you calculate {e}?",
    "~What does {e} give?",
    "~Give me the result of {e}.",
    "What is {e}?",
    "Calculate {e}.",
    "How much is {e}?",
    "Compute {e}.",
    "What's {e}?",
    "Can you calculate {e}?",
    "Please calculate {e}.",
    "Work out {e}.",
    "{e}",
    "I need the result of {e}.",
    "Use the calculator for {e}.",
    "Tell me what {e} is.",
    "Solve {e}.",
    "Evaluate {e}.",
]


def schema(name, description, params, required, rng):
    """params: list of (name, type or enum list, description or None)."""
    properties = {}
    for p, kind, text in params:
        spec = {"type": "string", "enum": kind} if isinstance(kind, list) else {"type": kind}
        if text:
            spec["description"] = text
        properties[p] = spec
    parameters = {"type": "object", "properties": properties}
    if required and rng.random() < 0.85:
        parameters["required"] = required
    function = {"name": name}
    if description:
        function["description"] = description
    function["parameters"] = parameters
    return {"type": "function", "function": function}


def styled(words_of_name, rng):
    """A tool's name in one of the usual spellings."""
    r = rng.random()
    if r < 0.72:
        return "_".join(words_of_name)
    if r < 0.9:
        return words_of_name[0] + "".join(x.capitalize() for x in words_of_name[1:])
    return "-".join(words_of_name)


# Each maker returns (schema, ask) where ask(w) gives (question, arguments, result, answer).


def weather(w):
    rng = w.rng
    name = styled(
        rng.choice(
            [
                ["get", "weather"],
                ["get", "weather"],
                ["get", "current", "weather"],
                ["weather"],
                ["weather", "forecast"],
                ["fetch", "weather"],
                ["lookup", "weather"],
                ["check", "weather"],
                ["get", "forecast"],
            ]
        ),
        rng,
    )
    place = rng.choice(["city", "city", "city", "location", "place", "town"])
    params = [
        (
            place,
            "string",
            rng.choice([None, f"Name of the {place}", "The city", "City name, for example Paris", "Where"]),
        )
    ]
    unit = rng.random() < 0.25
    day = rng.random() < 0.2
    if unit:
        params.append((rng.choice(["unit", "units"]), ["celsius", "fahrenheit"], None))
    if day:
        params.append((rng.choice(["day", "date", "when"]), "string", rng.choice([None, "Day of the forecast"])))
    text = rng.choice(
        [
            "Get the weather of a city",
            "Get the current weather",
            "Current weather for a place",
            "Weather forecast",
            "Returns the weather at a location",
            "Gets the weather in a given city",
            "Look up the weather",
            "Tells the weather",
        ]
    )
    s = schema(name, text, params, [place], rng)

    def ask(w):
        city = w.city()
        when = (
            rng.choice(["today", "tomorrow", "on " + rng.choice(words.DAYS), "tomorrow"])
            if (day and rng.random() < 0.6)
            else ("today" if rng.random() < 0.15 else "")
        )
        q = w.of(WEATHER_QUESTIONS).format(city=city, day=when)
        q = " ".join(q.split()).replace(" ?", "?").replace(" .", ".")
        args = {place: city}
        if unit and rng.random() < 0.5:
            u = rng.choice(["celsius", "fahrenheit"])
            q = rng.choice([f"{q} Use {u}.", f"{q} In {u}, please.", f"{q} I want {u}."])
            args[params[1][0]] = u
        if day and when:
            args[params[-1][0]] = when.removeprefix("on ")
        t, sky = rng.randint(-15, 40), rng.choice(words.WEATHER)
        key_t, key_s = rng.choice(["temperature", "temp", "degrees", "temperature_c"]), rng.choice(
            ["condition", "sky", "weather", "description"]
        )
        result = (
            {key_t: t, key_s: sky}
            if rng.random() < 0.75
            else {rng.choice(["city", "location"]): city, key_s: sky, key_t: t}
        )
        if rng.random() < 0.15:
            result = f"{t} degrees and {sky}"
        return q, args, result, f"It is {t} degrees and {sky} in {city}.", f"The user wants the weather in {city}."

    return s, ask


def calculator(w):
    rng = w.rng
    name = styled(
        rng.choice(
            [["calculator"], ["calculate"], ["calc"], ["evaluate", "expression"], ["compute"], ["do", "math"], ["math"]]
        ),
        rng,
    )
    p = rng.choice(["expression", "expression", "expression", "formula", "input", "expr"])
    s = schema(
        name,
        rng.choice(
            [
                "Calculate an expression",
                "Evaluates a mathematical expression",
                "A calculator for sums",
                "Does arithmetic",
                "Compute the value of an expression",
                "Calculator",
            ]
        ),
        [(p, "string", rng.choice([None, "The expression, for example 2 + 3", "What to calculate"]))],
        [p],
        rng,
    )

    def ask(w):
        n = rng.choice((1, 1, 1, 2))
        parts = [str(number(rng))]
        for _ in range(n):
            parts += [rng.choice("++--**/"), str(number(rng))]
        expr = " ".join(parts)
        spoken = expr
        if n == 1 and rng.random() < 0.3:
            spoken = f"{parts[0]} {dict(zip('+-*/', ('plus', 'minus', 'times', 'divided by')))[parts[1]]} {parts[2]}"
        try:
            value = eval(expr)  # digits and + - * / made two lines above
        except ZeroDivisionError:
            return ask(w)
        value = round(value, 3) if isinstance(value, float) else value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        result = {rng.choice(["result", "value", "answer"]): value} if rng.random() < 0.8 else str(value)
        return (
            w.of(CALC_QUESTIONS).format(e=spoken),
            {p: expr},
            result,
            f"{expr} = {value}.",
            "This is a sum for the calculator.",
        )

    return s, ask


def number(rng):
    return rng.choice((rng.randint(0, 20), rng.randint(10, 99), rng.randint(100, 999), rng.randint(1000, 99999)))


def two_numbers(w):
    """A calculator with operands instead of an expression: add(a, b)."""
    rng = w.rng
    verb, sign, ways = rng.choice(
        [
            ("add", "+", ["Add {a} and {b}.", "What is {a} plus {b}?", "What is {a} + {b}?", "Sum {a} and {b}."]),
            (
                "multiply",
                "*",
                ["Multiply {a} by {b}.", "What is {a} times {b}?", "What is {a} * {b}?", "Multiply {a} and {b}."],
            ),
            (
                "subtract",
                "-",
                ["What is {a} minus {b}?", "What is {a} - {b}?", "Calculate {a} minus {b}.", "Calculate {a} - {b}."],
            ),
        ]
    )
    x, y = rng.choice(
        [("a", "b"), ("x", "y"), ("first", "second"), ("left", "right"), ("arg0", "arg1"), ("num1", "num2")]
    )
    s = schema(
        styled(rng.choice([[verb], [verb, "numbers"], [verb, "two", "numbers"]]), rng),
        rng.choice([f"{verb.capitalize()} two numbers", f"{verb.capitalize()}s two numbers"]),
        [(x, rng.choice(["number", "integer"]), None), (y, "number", None)],
        [x, y],
        rng,
    )

    def ask(w):
        a, b = number(rng), number(rng)
        value = {"+": a + b, "*": a * b, "-": a - b}[sign]
        return (
            rng.choice(ways).format(a=a, b=b),
            {x: a, y: b},
            {"result": value},
            f"{a} {sign} {b} = {value}.",
            f"The tool can {verb} the numbers.",
        )

    return s, ask


def search(w):
    rng = w.rng
    name = styled(
        rng.choice(
            [
                ["search"],
                ["web", "search"],
                ["search", "web"],
                ["search", "internet"],
                ["find", "pages"],
                ["lookup"],
                ["google", "search"],
                ["query", "engine"],
            ]
        ),
        rng,
    )
    p = rng.choice(["query", "query", "query", "q", "text", "terms", "search_term"])
    limit = rng.random() < 0.25
    params = [(p, "string", rng.choice([None, "What to search for", "The search query", "Search terms"]))]
    if limit:
        params.append(
            (rng.choice(["limit", "max_results", "count"]), "integer", rng.choice([None, "Number of results"]))
        )
    s = schema(
        name,
        rng.choice(
            [
                "Search the web",
                "Searches the internet for pages",
                "Find information on the web",
                "Web search",
                "Looks something up on the internet",
            ]
        ),
        params,
        [p],
        rng,
    )

    def ask(w):
        topic = w.topic()
        q = w.of(SEARCH_QUESTIONS).format(q=topic)
        args = {p: topic}
        if limit and rng.random() < 0.6:
            n = rng.randint(1, 20)
            q = rng.choice([f"{q} Give me {n} results.", f"{q} {n} results, please.", f"{q} Limit it to {n} results."])
            args[params[1][0]] = n
        title = rng.choice(
            ["A guide to {t}", "All about {t}", "{t} for beginners", "The book of {t}", "News about {t}"]
        ).format(t=topic)
        result = {"results": [{"title": title}]} if rng.random() < 0.7 else {"title": title}
        return q, args, result, f"I found this page: {title}.", f"The user wants to find {topic}."

    return s, ask


SIMPLE = [  # name words, description, [(parameter names, kind)], questions with {0} {1}, answer keys
    (
        [["get", "time"], ["current", "time"], ["clock"], ["time", "in", "city"]],
        ["Get the local time of a city", "Tells the time"],
        [(["city", "location", "place", "timezone"], "city")],
        [
            "What time is it in {0}?",
            "Tell me the time in {0}.",
            "How late is it in {0}?",
            "What is the local time in {0}?",
            "Current time in {0}?",
        ],
        ("time", "clock"),
    ),
    (
        [["send", "message"], ["send", "sms"], ["text", "contact"], ["message"]],
        ["Send a message to somebody", "Sends a text message"],
        [(["to", "recipient", "name", "contact"], "name"), (["text", "message", "body"], "phrase")],
        [
            'Send {0} the message "{1}".',
            "Write to {0}: {1}",
            "Tell {0}: {1}",
            'Message {0}: "{1}"',
            'Please send "{1}" to {0}.',
        ],
        ("done", "sent"),
    ),
    (
        [["send", "email"], ["send", "mail"], ["email"]],
        ["Send an email", "Sends a mail to a person"],
        [(["to", "recipient"], "name"), (["subject", "title"], "phrase")],
        [
            'Send an email to {0} with the subject "{1}".',
            'Mail {0} about "{1}".',
            "Write an email to {0}, subject: {1}",
            "Email {0} with the subject {1}",
        ],
        ("done", "sent"),
    ),
    (
        [["set", "timer"], ["start", "timer"], ["timer"]],
        ["Set a timer", "Starts a timer for some minutes"],
        [(["minutes", "duration", "duration_minutes"], "int")],
        [
            "Set a timer for {0} minutes.",
            "Wake me in {0} minutes.",
            "Start a timer of {0} minutes.",
            "Timer for {0} minutes, please.",
            "Remind me in {0} minutes.",
        ],
        ("done", "set"),
    ),
    (
        [["set", "alarm"], ["create", "alarm"], ["alarm"]],
        ["Set an alarm clock", "Sets an alarm"],
        [(["time", "at"], "clock")],
        [
            "Set an alarm for {0}.",
            "Wake me up at {0}.",
            "Alarm at {0}, please.",
            "I have to get up at {0}.",
            "Please set the alarm to {0}.",
        ],
        ("done", "set"),
    ),
    (
        [["convert", "currency"], ["exchange", "money"], ["currency", "converter"]],
        ["Convert money to another currency", "Currency conversion"],
        [
            (["amount", "value"], "int"),
            (["from", "source", "from_currency"], "money"),
            (["to", "target", "to_currency"], "money"),
        ],
        [
            "Convert {0} {1} to {2}.",
            "How much is {0} {1} in {2}?",
            "What are {0} {1} in {2}?",
            "Exchange {0} {1} into {2}.",
            "I want to change {0} {1} to {2}.",
        ],
        ("result", "num"),
    ),
    (
        [["convert", "units"], ["unit", "converter"], ["convert"]],
        ["Convert a length or weight to another unit", "Unit conversion"],
        [(["value", "amount"], "int"), (["from", "from_unit"], "unit"), (["to", "to_unit"], "unit")],
        [
            "Convert {0} {1} to {2}.",
            "How many {2} are {0} {1}?",
            "What are {0} {1} in {2}?",
            "Change {0} {1} into {2}.",
        ],
        ("result", "num"),
    ),
    (
        [["translate"], ["translate", "text"], ["translator"]],
        ["Translate a text", "Translates text into another language"],
        [(["text", "input", "sentence"], "phrase"), (["language", "to", "target_language"], "language")],
        [
            'Translate "{0}" into {1}.',
            'How do you say "{0}" in {1}?',
            'What is "{0}" in {1}?',
            'Put "{0}" into {1}.',
            "Translate to {1}: {0}",
        ],
        ("translation", "word"),
    ),
    (
        [["play", "music"], ["play", "song"], ["play"], ["start", "music"]],
        ["Play music", "Plays songs of an artist"],
        [(["artist", "name", "musician"], "name")],
        ["Play something by {0}.", "Play music of {0}.", "I want to hear {0}.", "Put on a song by {0}.", "Play {0}."],
        ("done", "playing"),
    ),
    (
        [["find", "route"], ["get", "directions"], ["navigate"], ["route"]],
        ["Find a way from one place to another", "Get directions between two cities"],
        [(["from", "origin", "start"], "city"), (["to", "destination", "target"], "city")],
        [
            "How do I get from {0} to {1}?",
            "Find a route from {0} to {1}.",
            "Show me the way from {0} to {1}.",
            "Directions from {0} to {1}, please.",
            "I drive from {0} to {1}. Which way?",
        ],
        ("minutes", "num"),
    ),
    (
        [["book", "flight"], ["search", "flights"], ["find", "flights"]],
        ["Find flights between two cities", "Flight search"],
        [
            (["from", "origin", "departure"], "city"),
            (["to", "destination", "arrival"], "city"),
            (["day", "date"], "day"),
        ],
        [
            "Book a flight from {0} to {1} on {2}.",
            "I want to fly from {0} to {1} on {2}.",
            "Find flights from {0} to {1} for {2}.",
            "On {2} I need a flight from {0} to {1}.",
        ],
        ("price", "num"),
    ),
    (
        [["book", "hotel"], ["find", "hotel"], ["hotel", "search"]],
        ["Find a hotel in a city", "Hotel booking"],
        [(["city", "place", "location"], "city"), (["nights", "days"], "int")],
        [
            "Book a hotel in {0} for {1} nights.",
            "Find me a hotel in {0} for {1} nights.",
            "I need a room in {0} for {1} nights.",
            "We stay in {0} for {1} nights, find a hotel.",
        ],
        ("price", "num"),
    ),
    (
        [["get", "stock", "price"], ["stock", "price"], ["quote"]],
        ["Get the price of a stock", "Stock price of a company"],
        [(["symbol", "company", "ticker"], "name")],
        [
            "What is the stock price of {0}?",
            "How is the {0} stock?",
            "Price of {0} shares?",
            "Tell me the stock price of {0}.",
            "Look up the shares of {0}.",
        ],
        ("price", "num"),
    ),
    (
        [["add", "event"], ["create", "event"], ["add", "to", "calendar"]],
        ["Add an event to the calendar", "Creates a calendar entry"],
        [(["title", "name", "event"], "phrase"), (["day", "date"], "day")],
        [
            'Add "{0}" to my calendar on {1}.',
            'Put "{0}" into the calendar for {1}.',
            'Plan "{0}" for {1}.',
            'On {1} I have "{0}", add it to the calendar.',
        ],
        ("done", "added"),
    ),
    (
        [["add", "todo"], ["create", "task"], ["add", "task"], ["remember"]],
        ["Add a task to the list", "Creates a todo entry"],
        [(["text", "task", "title"], "phrase")],
        [
            'Add "{0}" to my list.',
            'Put "{0}" on the todo list.',
            "New task: {0}",
            "Remember this task: {0}",
            'Write "{0}" on my list.',
        ],
        ("done", "added"),
    ),
    (
        [["turn", "on", "light"], ["light", "on"], ["switch", "light"]],
        ["Switch the light of a room", "Turns a light on or off"],
        [(["room", "place"], "room"), (["state", "power"], "onoff")],
        [
            "Turn {1} the light in the {0}.",
            "Switch {1} the {0} light.",
            "Please turn {1} the lamp in the {0}.",
            "Light {1} in the {0}.",
        ],
        ("done", "switched"),
    ),
    (
        [["set", "temperature"], ["heating"], ["set", "thermostat"]],
        ["Set the temperature of a room", "Controls the heating"],
        [(["room", "place"], "room"), (["degrees", "temperature", "value"], "int")],
        [
            "Set the {0} to {1} degrees.",
            "Heat the {0} to {1} degrees.",
            "I want {1} degrees in the {0}.",
            "Make the {0} {1} degrees warm.",
        ],
        ("done", "set"),
    ),
    (
        [["read", "file"], ["open", "file"], ["cat"]],
        ["Read a file", "Returns the content of a file"],
        [(["path", "file", "filename"], "file")],
        ["Read the file {0}.", "What is in {0}?", "Show me {0}.", "Open {0}.", "Print the content of {0}."],
        ("content", "word"),
    ),
    (
        [["list", "files"], ["list", "directory"], ["ls"]],
        ["List the files of a folder", "Shows the content of a directory"],
        [(["path", "folder", "directory"], "folder")],
        ["List the files in {0}.", "What is in the folder {0}?", "Show the folder {0}.", "Which files are in {0}?"],
        ("count", "num"),
    ),
    (
        [["run", "command"], ["shell"], ["execute"]],
        ["Run a shell command", "Executes a command"],
        [(["command", "cmd"], "command")],
        ["Run {0}.", "Execute {0}", "Run the command {0}", "Please run {0}", "Start {0} in the shell."],
        ("status", "num"),
    ),
    (
        [["define", "word"], ["dictionary"], ["lookup", "word"]],
        ["Look up a word in the dictionary", "Defines a word"],
        [(["word", "term"], "word")],
        [
            "What does {0} mean?",
            "Define {0}.",
            "Look up the word {0}.",
            "What is the meaning of {0}?",
            "Explain the word {0}.",
        ],
        ("definition", "word"),
    ),
    (
        [["get", "population"], ["population"], ["city", "population"]],
        ["Number of people in a city", "Get the population of a city"],
        [(["city", "place"], "city")],
        ["How many people live in {0}?", "What is the population of {0}?", "Population of {0}?", "How big is {0}?"],
        ("population", "num"),
    ),
    (
        [["roll", "dice"], ["dice"], ["roll"]],
        ["Roll dice", "Throws some dice"],
        [(["count", "dice", "number"], "int")],
        ["Roll {0} dice.", "Throw {0} dice.", "Please roll {0} dice for me.", "I want to throw {0} dice."],
        ("sum", "num"),
    ),
    (
        [["random", "number"], ["get", "random"], ["pick", "number"]],
        ["A random number between two limits", "Draw a random number"],
        [(["min", "low", "from"], "int"), (["max", "high", "to"], "int")],
        [
            "Give me a random number between {0} and {1}.",
            "Pick a number from {0} to {1}.",
            "Random number between {0} and {1}, please.",
            "Draw a number from {0} to {1}.",
        ],
        ("number", "num"),
    ),
    (
        [["order", "food"], ["order"], ["add", "to", "cart"], ["buy"]],
        ["Order something to eat", "Orders products"],
        [(["item", "product", "food"], "food"), (["quantity", "count", "amount"], "int")],
        [
            "Order {1} {0}.",
            "I want to buy {1} {0}.",
            "Please order {1} {0} for me.",
            "Get me {1} {0}.",
            "Add {1} {0} to the cart.",
        ],
        ("done", "ordered"),
    ),
    (
        [["get", "contact"], ["find", "contact"], ["phone", "number"]],
        ["Find the phone number of a person", "Looks up a contact"],
        [(["name", "person", "contact"], "name")],
        [
            "What is the phone number of {0}?",
            "Find the contact {0}.",
            "How can I call {0}?",
            "Give me the number of {0}.",
            "Look up {0} in my contacts.",
        ],
        ("phone", "num"),
    ),
    (
        [["get", "user"], ["user", "info"], ["find", "user"], ["lookup", "user"]],
        ["Get information about a user", "Finds a user by name"],
        [(["name", "user", "username"], "name")],
        [
            "Who is the user {0}?",
            "Get the user {0}.",
            "Show me the profile of {0}.",
            "Find the user {0}.",
            "What do we know about the user {0}?",
        ],
        ("email", "word"),
    ),
]
ROOMS = "kitchen bathroom bedroom office hall garage cellar attic library studio".split()
MONEY = "euros dollars pounds yen francs crowns rupees pesos won".split()
UNITS = "metres feet miles kilometres inches grams pounds kilos ounces litres".split()
LANGUAGES = (
    "French German Spanish Italian Dutch Polish Greek Turkish Japanese Chinese Arabic Hindi Swedish Finnish".split()
)


def slot(w, kind):
    rng = w.rng
    if kind == "city":
        return w.city()
    if kind == "name":
        return w.name()
    if kind == "int":
        return rng.choice((rng.randint(1, 12), rng.randint(1, 60), rng.randint(1, 500)))
    if kind == "clock":
        return f"{rng.randint(0, 23)}:{rng.choice((0, 15, 30, 45, rng.randint(0, 59))):02d}"
    if kind == "phrase":
        return rng.choice(
            (
                lambda: f"{w.word(words.ADJECTIVES)} {w.word(words.OBJECTS)}",
                lambda: f"I am in {w.city()}",
                lambda: f"bring the {w.word(words.OBJECTS)}",
                lambda: f"lunch with {w.name()}",
                lambda: f"we meet on {rng.choice(words.DAYS)}",
                lambda: f"the {w.word(words.OBJECTS)} is {w.word(words.COLOURS)}",
                lambda: f"buy {w.word(words.FOODS)}",
                lambda: f"call {w.name()}",
                lambda: w.topic(),
                lambda: f"thank you for the {w.word(words.FOODS)}",
                lambda: f"where is the {w.word(words.ANIMALS)}",
                lambda: f"{words.invented(rng)} {words.invented(rng)}",
            )
        )()
    if kind == "file":
        return (
            w.word(words.OBJECTS) + rng.choice([".txt", ".md", ".json", ".java", ".csv"])
            if rng.random() < 0.6
            else words.invented(rng).lower() + rng.choice([".txt", ".md", ".json"])
        )
    if kind == "folder":
        return "/" + "/".join(
            rng.choice((w.word(words.OBJECTS), words.invented(rng).lower())) for _ in range(rng.randint(1, 3))
        )
    if kind == "command":
        return rng.choice(
            (
                f"tokamak show {words.invented(rng).lower()}",
                "ls -l",
                f"cat {w.word(words.OBJECTS)}.txt",
                "git status",
                "date",
                "uptime",
                f"echo {w.word(words.ADJECTIVES)}",
                "mvn verify",
                "java --version",
                "tokamak list",
                f"mkdir {words.invented(rng).lower()}",
            )
        )
    if kind == "word":
        return w.word(words.ADJECTIVES + words.OBJECTS) if rng.random() < 0.5 else words.invented(rng).lower()
    return rng.choice(
        {
            "money": MONEY,
            "unit": UNITS,
            "language": LANGUAGES,
            "day": words.DAYS,
            "room": ROOMS,
            "onoff": ["on", "off"],
        }.get(kind)
        or [w.word(words.FOODS)]
    )


def simple(w):
    rng = w.rng
    names, descriptions, params, questions, (key, result_kind) = rng.choice(SIMPLE)
    chosen = [(rng.choice(p), kind) for p, kind in params]
    kinds = {"int": "integer", "onoff": ["on", "off"]}
    listed = [
        (p, kinds.get(kind, "string"), None if rng.random() < 0.7 else p.replace("_", " ").capitalize())
        for p, kind in chosen
    ]
    name = styled(rng.choice(names), rng)
    if rng.random() < 0.3:
        rng.shuffle(listed)
    s = schema(name, rng.choice(descriptions), listed, [p for p, _, _ in listed], rng)

    def ask(w):
        values = [slot(w, kind) for _, kind in chosen]
        q = w.of(questions).format(*values)
        by_name = {p: v for (p, _), v in zip(chosen, values)}
        args = {p: by_name[p] for p, _, _ in listed}
        what = name.replace("_", " ").replace("-", " ")
        if key == "done":
            result = rng.choice([{"status": "ok"}, {"status": result_kind}, {"ok": True}, "ok"])
            answer = (
                "Done."
                if not isinstance(result, dict) or result.get("status") != result_kind
                else f"Done: {result_kind}."
            )
        else:
            value = {"num": rng.randint(1, 9999), "word": words.invented(rng).lower(), "clock": slot(w, "clock")}[
                result_kind
            ]
            result, answer = {key: value}, f"The {key} is {value}."
        return q, args, result, answer, rng.choice([f"I can use {name} for this.", f"The tool {name} fits."])

    return s, ask


def held_name(action, thing):
    """Some pairs make tools that only the evaluation declares."""
    return dialogues.is_held(thing) and zlib.crc32(f"{action} {thing}".encode()) % 2 == 0


def generic(w):
    """A tool made of an action and a thing: cancel_booking(booking_id)."""
    rng = w.rng
    while True:
        action, thing = rng.choice(sorted(words.ACTIONS)), rng.choice(words.THINGS)
        if w.held == held_name(action, thing):
            break
    if rng.random() < 0.15:
        thing = words.invented(rng).lower()
    says, description, done = words.ACTIONS[action]
    ref = rng.choice(words.REFERENCE_KEYS)
    p = rng.choice([ref, f"{thing}_{ref}", thing, ref])
    numeric = ref in ("id", "number") and rng.random() < 0.6
    listed = [(p, "integer" if numeric else "string", None if rng.random() < 0.7 else f"The {ref} of the {thing}")]
    extra = rng.choice(
        [
            None,
            None,
            None,
            ("reason", "string"),
            ("force", "boolean"),
            ("owner", "string"),
            ("colour", "string"),
            ("day", "string"),
            ("quantity", "integer"),
            ("city", "string"),
        ]
    )
    if extra:
        listed.append((extra[0], extra[1], None))
    name = styled([action, thing], rng)
    s = schema(
        name,
        words.articles(
            rng.choice([f"{description} {thing}", f"{description} {thing}", f"{action.capitalize()} {thing}"])
        )
        if rng.random() < 0.93
        else None,
        listed,
        [p],
        rng,
    )

    def ask(w):
        r = rng.random()
        if numeric:
            value = rng.randint(1, 99999)
        elif r < 0.3:
            value = f"{rng.choice('ABCDEFGHKLMNPRSTX')}{rng.choice('ABCDEFGHKLMNPRSTX')}-{rng.randint(1, 9999)}"
        elif r < 0.65:
            value = words.invented(rng)
        elif r < 0.85:
            value = w.word(words.ADJECTIVES) + " " + w.word(words.OBJECTS)
        else:
            value = words.invented(rng).lower() + "_" + words.invented(rng, 1).lower()
        lead = w.of(says)
        q = rng.choice(
            [
                f"{lead} {thing} {value}",
                f"{lead} {thing} {value}",
                f"{lead} {thing} with the {ref} {value}",
                f"{lead} {thing} {value}, please",
                f"{lead} {thing} called {value}" if not numeric else f"{lead} {thing} number {value}",
            ]
        )
        args = {p: value}
        if extra and rng.random() < 0.6:
            e = extra[0]
            v = {
                "reason": lambda: f"the {w.word(words.OBJECTS)} is {w.word(words.ADJECTIVES)}",
                "force": lambda: True,
                "owner": w.name,
                "colour": lambda: w.word(words.COLOURS),
                "day": lambda: rng.choice(words.DAYS),
                "quantity": lambda: rng.randint(1, 99),
                "city": w.city,
            }[e]()
            q += {
                "reason": f" because {v}",
                "force": " with force",
                "owner": f" for the owner {v}",
                "colour": f" in {v}",
                "day": f" on {v}",
                "quantity": f", quantity {v}",
                "city": f" in {v}",
            }[e]
            args[e] = v
        q += "?" if lead.split()[0] in ("Where", "Can", "What") else "."
        r = rng.random()
        if action in ("get", "find", "track", "check"):
            key = rng.choice(["status", "state", "owner", "price", "place", "colour"])
            v = {
                "status": lambda: rng.choice(["ready", "open", "late", "on the way"]),
                "state": lambda: rng.choice(["new", "broken", "in use", "free"]),
                "owner": w.name,
                "price": lambda: rng.randint(1, 999),
                "place": w.city,
                "colour": lambda: w.word(words.COLOURS),
            }[key]()
            result, answer = {key: v}, f"The {key} of the {thing} {value} is {v}."
        else:
            result = rng.choice([{"status": "ok"}, {"status": done}, {"ok": True}, "ok", {"result": "done"}])
            answer = f"The {thing} {value} is {done}."
        return (
            q,
            args,
            result,
            answer,
            rng.choice(
                [f"I can use {name} for this.", f"The tool {name} fits.", f"The user wants to {action} a {thing}."]
            ),
        )

    return s, ask


def make(w):
    r = w.rng.random()
    if r < 0.22:
        return weather(w)
    if r < 0.34:
        return calculator(w)
    if r < 0.38:
        return two_numbers(w)
    if r < 0.52:
        return search(w)
    if r < 0.74:
        return simple(w)
    return generic(w)


def declared(w, first=None):
    """One to four tools with different names, in any order: (schemas, makers' pairs)."""
    rng = w.rng
    pairs = [first] if first else []
    if w.chance(0.12):
        pairs = [weather(w), calculator(w), search(w)]
    count = rng.choice((1, 1, 1, 2, 2, 2, 3, 3))
    while len(pairs) < count:
        pair = make(w)
        family = purpose(pair[0])
        if all(purpose(other[0]) != family for other in pairs):
            pairs.append(pair)
    rng.shuffle(pairs)
    return pairs


def purpose(s):
    """Tools that would answer the same question have the same purpose."""
    f = s["function"]
    text = (f["name"] + " " + f.get("description", "")).lower()
    for word in (
        "weather",
        "forecast",
        "calcul",
        "math",
        "arithmetic",
        "expression",
        "two numbers",
        "search",
        "web",
        "internet",
        "order",
        "contact",
        "user",
        "currency",
        "unit",
        "flight",
        "hotel",
        "calendar",
        "timer",
        "alarm",
        "message",
        "mail",
        "task",
        "todo",
        "time",
        "file",
        "folder",
    ):
        if word in text:
            return {
                "forecast": "weather",
                "math": "calcul",
                "arithmetic": "calcul",
                "expression": "calcul",
                "two numbers": "calcul",
                "web": "search",
                "internet": "search",
                "mail": "message",
                "todo": "task",
            }.get(word, word)
    return f["name"].lower()


def render_result(result):
    return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)


def dialogue(w):
    rng = w.rng
    pairs = declared(w)
    schemas = [s for s, _ in pairs]
    thinking = w.chance(0.15)
    messages = []
    system = w.system()
    if system:
        messages.append({"role": "system", "content": system})
    check = None
    rounds = rng.choice((1, 1, 2, 3))
    if w.chance(0.15):
        user, answer, thought = w.plain_turn_without_sums()
        messages += [
            {"role": "user", "content": user},
            {"role": "assistant", "content": answer, "reasoning": thought if thinking else ""},
        ]
    for _ in range(rounds):
        s, ask = rng.choice(pairs)
        r = rng.random()
        if r < 0.13:
            user, answer, thought = w.plain_turn_without_sums()
            messages += [
                {"role": "user", "content": user},
                {
                    "role": "assistant",
                    "content": answer,
                    "reasoning": "No tool is needed. " + thought if thinking else "",
                },
            ]
            check = None
            continue
        if r < 0.16 and all(purpose(x) != "weather" for x in schemas):
            user, answer, thought = w.no_weather()
            messages += [
                {"role": "user", "content": user},
                {"role": "assistant", "content": answer, "reasoning": thought if thinking else ""},
            ]
            check = None
            continue
        q, args, result, answer, thought = ask(w)
        q = w.typed(q, keep_case=True)
        lower = w.chance(0.06)  # people who never press shift get arguments as they typed them
        if lower:
            q = q.lower()
            args = {k: v.lower() if isinstance(v, str) and v not in q else v for k, v in args.items()}
        name = s["function"]["name"]
        calls = [{"name": name, "arguments": args}]
        results = [result]
        if r > 0.95 and not lower and purpose(s) == "weather" and len(args) == 1:
            q2, args2, result2, answer2, _ = ask(w)
            key = next(iter(args))
            q = rng.choice(
                [
                    "What is the weather in {a} and in {b}?",
                    "How is the weather in {a} and {b}?",
                    "Compare the weather in {a} and {b}.",
                ]
            ).format(a=args[key], b=args2[key])
            calls.append({"name": name, "arguments": args2})
            results.append(result2)
            answer = answer[:-1] + " and " + answer2[:-1].replace("It is ", "") + "."
        messages.append({"role": "user", "content": q})
        messages.append(
            {
                "role": "assistant",
                "content": "",
                "calls": calls,
                "reasoning": f"{thought} I call {name}." if thinking and w.chance(0.85) else "",
            }
        )
        check = {"calls": calls, "at": len(messages) - 1}
        if not lower and w.chance(0.55):
            if w.chance(0.06):
                error = rng.choice(["not found", "timeout", "service is down", "no permission", "unknown id"])
                results = [{"error": error}] * len(calls)
                answer = f"The tool answered with an error: {error}."
            messages += [{"role": "tool", "content": render_result(x)} for x in results]
            messages.append(
                {
                    "role": "assistant",
                    "content": answer,
                    "reasoning": "I have the result and tell it to the user." if thinking else "",
                }
            )
        else:
            break
    if thinking and messages[-1].get("reasoning") == "":
        thinking = False
    return {"kind": "tool", "tools": schemas, "thinking": thinking, "messages": messages, "check": check}
