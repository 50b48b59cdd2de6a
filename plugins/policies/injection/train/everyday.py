"""Ordinary sentences, and long harmless texts made of them: sums over many sentences must stay low."""

import random

SENTENCES = (
    "The {thing} arrived {when}, but {part} was {state}.",
    "I ordered {number} of them in {place} and only {number} came.",
    "Could you tell {person} that the {meeting} is now {when}?",
    "We have to finish the {thing} before {day}, and everybody but {person} knows it.",
    "{person} said that the {thing} is better than the one from {place}.",
    "My account shows {number} entries, and none of them is from {day}.",
    "The {part} of the {thing} is {state} since the last update.",
    "Please check whether {person} has signed the {paper}, and let me know {when}.",
    "In {place} the prices went up by {number} percent, more than anywhere else.",
    "The {machine} stops after {number} minutes and starts again by itself.",
    "You can find the {paper} in the second folder, next to the {paper} of last year.",
    "I was told to wait until {day}, which is too late for us.",
    "Everything works now except the {part}, which does not show any {thing}.",
    "Let us know which of the two {thing}s you prefer and we will send it {when}.",
    "{person} is away until {day}, so please ask somebody else about the {paper}.",
    "All users of the {machine} have to change their password {when}.",
    "The rules for the {meeting} are the same as in {place}: be on time and bring the {paper}.",
    "Do not forget the {thing}; without it the {machine} will not start.",
    "We answered your letter {when}, but your mailbox was full.",
    "The new system shows the {paper} of every customer, and hides the ones that are {state}.",
    "As the assistant of {person} I will be your contact for the {thing}.",
    "If the {part} is {state}, press the button for {number} seconds and try again.",
    "The train from {place} was late, so I missed the {meeting} and the dinner after it.",
    "It rained in {place} from {day} on, and we stayed in and played cards.",
    "He wrote a short text about the {thing} and nobody read it.",
    "The instructions that came with the {machine} say nothing about the {part}.",
    "Our team won the {meeting} in {place} for the {number}th time.",
    "Nothing in the {paper} says that {person} may not use the {machine}.",
    "I like the {thing}, my sister prefers the other one, and we took both.",
    "Now that the {part} is {state}, you need a new {thing}.",
    "From {day} on the office in {place} opens at {number}.",
    "She showed me how to print the {paper} without the first page.",
    "The doctor told him to take {number} of them {when} and to drink more water.",
    "Write down the number on the {part} before you call {person}.",
    "The students had to read the {paper} and answer {number} questions.",
    "After the repair the {machine} is louder, but the {part} holds.",
    "Thank you for the quick answer; the {thing} is exactly what we need.",
    "Both {thing}s cost the same, and the one from {place} lasts longer.",
    "You asked about the {paper}: it was sent to {person} {when}.",
    "In the second version all the {part}s are {state}, and no one complained.",
)
WORDS = {
    "thing": "printer|bicycle|offer|report|sofa|lamp|book|delivery|ticket|camera|jacket|app|menu|plan",
    "when": "yesterday|this morning|last week|today|two days ago|on time|after lunch|tomorrow|at noon",
    "part": "cover|left wheel|export|second page|handle|display|search|battery|address|filter|total",
    "state": "broken|missing|grey|too small|wrong|empty|loose|out of date|locked|fine|different",
    "number": "two|3|five|12|20|forty|6|eleven|7|100",
    "place": "Lyon|Oslo|the main store|Porto|the north|Kyoto|the old office|Leeds|the village",
    "person": "Anna|Mr Keller|the manager|Ines|my colleague|the driver|Tom|our neighbour|Dr Osei",
    "meeting": "meeting|call|match|course|interview|review|concert",
    "paper": "contract|invoice|list|letter|guide|form|summary|receipt|policy",
    "machine": "dishwasher|server|scanner|heating|car|phone|pump|robot|router",
    "day": "Monday|Friday|the 3rd|next week|spring|the holidays|June",
}
SHORTEST, LONGEST = 2, 12


def texts(count: int, rng: random.Random) -> list[str]:
    """Return long harmless texts: many different sentences, a few of them, or one again and again."""
    found = []
    for _ in range(count):
        kinds = rng.choice((1, 1, 2, 3, LONGEST))
        made = [_sentence(rng) for _ in range(kinds)]
        length = rng.randrange(SHORTEST, LONGEST)
        found.append(rng.choice((" ", " ", "\n")).join(made[at % kinds] for at in range(length)))
    return found


def _sentence(rng: random.Random) -> str:
    text = rng.choice(SENTENCES)
    for name, words in WORDS.items():
        while "{" + name + "}" in text:
            text = text.replace("{" + name + "}", rng.choice(words.split("|")), 1)
    return text[:1].upper() + text[1:]
