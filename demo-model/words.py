"""Lists of words that fill the slots of the generator. Everything here is common knowledge or invented."""

import re

CITIES = """Paris London Berlin Madrid Rome Vienna Prague Warsaw Lisbon Dublin Oslo Stockholm Helsinki Copenhagen Athens
Budapest Brussels Amsterdam Zurich Geneva Munich Hamburg Cologne Milan Naples Turin Venice Florence Barcelona Seville
Valencia Porto Lyon Marseille Nice Bordeaux Lille Krakow Gdansk Riga Vilnius Tallinn Sofia Bucharest Belgrade Zagreb
Istanbul Ankara Cairo Casablanca Tunis Lagos Nairobi Accra Dakar Johannesburg Durban Tokyo Osaka Kyoto Nagoya Seoul
Busan Beijing Shanghai Taipei Hanoi Bangkok Singapore Jakarta Manila Delhi Mumbai Chennai Kolkata Karachi Lahore Dhaka
Colombo Kathmandu Sydney Melbourne Perth Brisbane Adelaide Auckland Wellington Toronto Montreal Vancouver Ottawa
Calgary Boston Chicago Seattle Denver Dallas Houston Austin Miami Atlanta Phoenix Portland Detroit Philadelphia Havana
Lima Bogota Quito Santiago Montevideo Recife Salvador Salzburg Graz Basel Bern Antwerp Ghent Rotterdam Utrecht Leeds
Bristol Glasgow Edinburgh Cardiff Belfast Galway Cork Bergen Malmo Turku Aarhus Dresden Leipzig Bremen Stuttgart
Nuremberg Innsbruck Linz Brno Ostrava Split Sarajevo Skopje Tirana Valletta Nicosia Reykjavik Luxembourg Monaco""".split()
CITIES += [
    "New York",
    "San Francisco",
    "Los Angeles",
    "Buenos Aires",
    "Cape Town",
    "Mexico City",
    "Hong Kong",
    "Rio de Janeiro",
    "Sao Paulo",
    "Tel Aviv",
    "Abu Dhabi",
    "New Orleans",
    "San Diego",
    "Las Vegas",
]

NAMES = """Anna Ben Clara David Emma Felix Grace Henry Ida Jonas Karl Lena Marco Nina Oscar Paula Rosa Simon Tara Ulrich
Vera Walter Yara Zoe Alice Bruno Carla Daniel Elena Frank Greta Hugo Irene Jack Kate Leo Maria Noah Olga Peter Ruth
Sara Tom Ursula Victor Wendy Adam Bella Chloe Dora Eric Fiona George Hanna Ivan Julia Kevin Laura Martin Nora Oliver
Petra Robert Sofia Thomas Valerie William Amira Boris Chen Dmitri Farid Gita Hiro Imani Jamal Kofi Leila Mei Nadia
Omar Priya Raj Samir Tariq Uma Yusuf Zara Arthur Beatrice Cedric Diana Edgar Flora Gustav Heidi Igor Jasmine""".split()

COUNTRIES = {
    "France": "Paris",
    "Germany": "Berlin",
    "Spain": "Madrid",
    "Italy": "Rome",
    "Austria": "Vienna",
    "Poland": "Warsaw",
    "Portugal": "Lisbon",
    "Ireland": "Dublin",
    "Norway": "Oslo",
    "Sweden": "Stockholm",
    "Finland": "Helsinki",
    "Denmark": "Copenhagen",
    "Greece": "Athens",
    "Hungary": "Budapest",
    "Belgium": "Brussels",
    "Japan": "Tokyo",
    "China": "Beijing",
    "Egypt": "Cairo",
    "Kenya": "Nairobi",
    "Canada": "Ottawa",
    "Peru": "Lima",
    "Cuba": "Havana",
    "Thailand": "Bangkok",
    "Vietnam": "Hanoi",
    "Chile": "Santiago",
    "England": "London",
    "Bulgaria": "Sofia",
    "Croatia": "Zagreb",
}

COLOURS = "red blue green yellow black white brown grey orange purple pink".split()
ANIMALS = """cat dog fox bear mouse rabbit horse cow sheep goat duck owl crow frog turtle snake lion tiger wolf deer pig
hen donkey squirrel hedgehog sparrow penguin whale dolphin bee ant spider""".split()
FOODS = """bread cheese soup rice pasta salad apples pears bananas cherries cake pizza potatoes carrots beans eggs honey
tomatoes onions yogurt noodles pancakes grapes lemons plums cookies""".split()
DRINKS = "water tea coffee milk juice lemonade cocoa".split()
OBJECTS = """lamp chair table bottle bag book pen clock key coat hat shoe ball box cup plate spoon knife mirror blanket
pillow bicycle kite drum guitar piano camera phone laptop keyboard printer backpack umbrella wallet candle basket ladder
hammer bucket rope tent map compass telescope""".split()
JOBS = """teacher baker doctor nurse farmer driver pilot painter writer singer cook gardener carpenter plumber lawyer
engineer librarian sailor tailor dentist waiter mechanic""".split()
ADJECTIVES = """small big old new quick slow bright dark quiet loud warm cold happy sad brave kind clever curious gentle
shiny heavy light round soft strange tiny tall young friendly patient""".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
WEATHER = ["sunny", "cloudy", "rainy", "windy", "snowy", "foggy", "stormy", "clear"]

OPPOSITES = {
    "hot": "cold",
    "big": "small",
    "old": "new",
    "fast": "slow",
    "high": "low",
    "light": "dark",
    "happy": "sad",
    "open": "closed",
    "full": "empty",
    "hard": "soft",
    "wet": "dry",
    "early": "late",
    "loud": "quiet",
    "rich": "poor",
    "strong": "weak",
    "up": "down",
    "left": "right",
    "day": "night",
    "clean": "dirty",
    "near": "far",
    "thick": "thin",
    "true": "false",
    "first": "last",
    "long": "short",
}
THING_COLOURS = {
    "grass": "green",
    "the sky": "blue",
    "snow": "white",
    "a banana": "yellow",
    "coal": "black",
    "a strawberry": "red",
    "a carrot": "orange",
    "milk": "white",
    "a lemon": "yellow",
    "blood": "red",
    "chocolate": "brown",
    "an elephant": "grey",
    "a ripe tomato": "red",
    "the sun": "yellow",
    "the sea": "blue",
    "a frog": "green",
    "a plum": "purple",
    "a leaf": "green",
}
SOUNDS = {
    "dog": "barks",
    "cat": "meows",
    "cow": "moos",
    "duck": "quacks",
    "sheep": "bleats",
    "lion": "roars",
    "frog": "croaks",
    "owl": "hoots",
    "pig": "oinks",
    "horse": "neighs",
    "bee": "buzzes",
    "wolf": "howls",
    "snake": "hisses",
    "mouse": "squeaks",
    "rooster": "crows",
    "crow": "caws",
}
LEGS = {
    "dog": 4,
    "cat": 4,
    "spider": 8,
    "bee": 6,
    "ant": 6,
    "duck": 2,
    "hen": 2,
    "horse": 4,
    "cow": 4,
    "fly": 6,
    "sparrow": 2,
    "frog": 4,
    "mouse": 4,
    "snake": 0,
    "fish": 0,
    "person": 2,
    "penguin": 2,
    "beetle": 6,
}
LIVES = {
    "fish": "in water",
    "bird": "in a nest",
    "bee": "in a hive",
    "fox": "in a den",
    "bear": "in the forest",
    "camel": "in the desert",
    "penguin": "in the cold south",
    "whale": "in the sea",
    "cow": "on a farm",
    "squirrel": "in trees",
    "rabbit": "in a burrow",
    "lion": "in the savanna",
    "frog": "near ponds",
}

TOPICS = """volcanoes glaciers chess gardening sailing astronomy painting pottery cycling football tennis swimming hiking
camping cooking baking knitting photography poetry history music jazz opera dinosaurs robots rockets planets comets
trains bridges castles pyramids islands deserts oceans rivers mountains whales eagles butterflies mushrooms tulips roses
coffee chocolate tea cheese electric cars solar panels wind turbines batteries space travel old maps board games
marathon training healthy breakfast cheap flights running shoes garden chairs wooden toys winter jackets summer
holidays city parks science museums book fairs street art language courses violin lessons""".split()
TOPICS = [
    t
    for t in TOPICS
    if t
    not in "electric solar wind space old board marathon healthy cheap running garden wooden winter summer city science book street language violin".split()
]
TOPICS += [
    "electric cars",
    "solar panels",
    "wind turbines",
    "space travel",
    "old maps",
    "board games",
    "marathon training",
    "healthy breakfast ideas",
    "cheap flights",
    "running shoes",
    "garden chairs",
    "wooden toys",
    "winter jackets",
    "summer holidays",
    "city parks",
    "science museums",
    "book fairs",
    "street art",
    "language courses",
    "violin lessons",
    "the history of bread",
    "how bees make honey",
    "the tallest mountain",
    "the deepest lake",
    "how to fix a bicycle",
    "how to grow tomatoes",
    "the best pizza recipe",
    "famous painters",
    "the speed of light",
    "the age of the moon",
    "train strikes",
    "local news",
    "used laptops",
    "java tutorials",
    "garbage collection in java",
    "vector instructions",
    "paged attention",
    "file formats",
    "the price of gold",
    "open source licences",
]

ACTIONS = {  # verb of a tool's name -> how people say it, how a description says it, how the answer says it
    "get": (
        ["Show me the", "Get the", "Give me the", "What does the system say about the"],
        "Get the details of a",
        "found",
    ),
    "find": (["Find the", "Please find the", "Locate the"], "Find a", "found"),
    "delete": (["Delete the", "Please delete the", "Erase the"], "Delete a", "deleted"),
    "create": (["Create a new", "Make a new", "Create the"], "Create a new", "created"),
    "open": (["Open the", "Please open the", "Can you open the"], "Open a", "opened"),
    "close": (["Close the", "Please close the", "Shut the"], "Close a", "closed"),
    "cancel": (["Cancel the", "Please cancel the", "I want to cancel the"], "Cancel a", "cancelled"),
    "track": (["Track the", "Where is the", "Follow the"], "Track the position of a", "tracked"),
    "update": (["Update the", "Please update the", "Refresh the"], "Update a", "updated"),
    "check": (["Check the", "Please check the", "Have a look at the"], "Check the state of a", "checked"),
    "start": (["Start the", "Launch the", "Please start the"], "Start a", "started"),
    "stop": (["Stop the", "Halt the", "Please stop the"], "Stop a", "stopped"),
    "archive": (["Archive the", "Put into the archive the", "Please archive the"], "Archive a", "archived"),
    "print": (["Print the", "Please print the", "Make a printout of the"], "Print a", "printed"),
    "share": (["Share the", "Please share the", "I would like to share the"], "Share a", "shared"),
    "lock": (["Lock the", "Please lock the"], "Lock a", "locked"),
}
THINGS = """invoice ticket parcel account playlist recipe order document folder project meeting report contract machine
server door window job task note album photo article book chapter course lesson exam student customer supplier product
warehouse shelf room table booking flight train bus ship truck container sensor camera robot printer elevator pump valve
engine battery garden field tree library museum gallery theatre concert race match team player tournament league diary
letter message channel thread forum poll survey budget payment receipt voucher coupon membership policy claim permit
licence passport backup branch commit pipeline cluster node volume snapshot dataset notebook dashboard alarm timer
reminder calendar event""".split()
REFERENCE_KEYS = ["id", "name", "key", "title", "code", "label", "number"]

UNKNOWN = [
    "~Who is the mayor of {city}?",
    "~How many rivers are in {country}?",
    "~What did {name} say in {year}?",
    "~Who painted the {object}?",
    # (pattern, slot lists) of questions a tiny model must not pretend to know
    "Who won the {sport} championship in {year}?",
    "Who was the king of {country} in {year}?",
    "What is the population of {city}?",
    "How tall is the tower of {city}?",
    "Who wrote the novel about {topic}?",
    "What is the stock price of {name} Industries?",
    "Translate this sentence into French: I like {food}.",
    "Write a Python program about {topic}.",
    "Give me legal advice about {topic}.",
    "Can you book a hotel in {city}?",
    "What happened in {city} in {year}?",
    "Explain quantum mechanics to me.",
    "Tell me about the history of {country}.",
    "Which medicine helps against a headache?",
    "Who is the president of {country}?",
    "Write an essay about {topic}.",
    "What is the best restaurant in {city}?",
    "How do I repair a broken {object}?",
    "What is the square root of {year}?",
    "When does the next train to {city} leave?",
    "Summarise the newest book about {topic}.",
    "Draw me a {animal}.",
    "How many people live in {country}?",
    "What will the lottery numbers be on {day}?",
    "Compose a song about {topic}.",
    "How far is it from {city} to {city2}?",
    "What do you think about politics in {country}?",
    "Who invented the {object}?",
    "What is the meaning of life?",
    "Can you call {name} for me?",
    "What did I eat yesterday?",
    "How old is {name}?",
    "What is the exchange rate of the currency of {country}?",
    "Who discovered {topic}?",
    "Prove that there are infinitely many primes.",
]
SPORTS = "football tennis chess rowing skiing cycling hockey boxing".split()


def articles(text):
    """'a owl' -> 'an owl'."""
    return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)


_ONSET = "b c d f g h j k l m n p r s t v w z br ch cl cr dr fl fr gl gr kr pl pr sh sl sm sp st str th tr".split()
_VOWEL = "a e i o u a e i o ai ea ee ie ou oa".split()
_CODA = ["", "", "", "n", "r", "l", "s", "t", "m", "k", "nd", "rt", "ng", "x", "ck", "st", "ll"]


def invented(rng, syllables=None):
    """A pronounceable word that means nothing: copying it can't be done from memory."""
    n = syllables or rng.choice((1, 2, 2, 2, 3, 3))
    word = "".join(
        rng.choice(_ONSET) + rng.choice(_VOWEL) + (rng.choice(_CODA) if rng.random() < 0.6 else "") for _ in range(n)
    )
    return word[0].upper() + word[1:]
