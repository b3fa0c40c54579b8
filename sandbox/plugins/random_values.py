"""The resources of the random provider: drawn once from the system's generator, then kept in the state.

Left out: `bcryptHash`, which no installed package computes, `RandomShuffle`, and UUIDs of a given version.
"""

import base64
import secrets
import string
import uuid
from collections.abc import Callable
from typing import Any, Final

Values = dict[str, Any]

SECRET_KINDS: Final = frozenset({"RandomPassword", "RandomBytes"})

_WORDS: Final = ("amber", "brisk", "calm", "dusky", "eager", "gentle", "keen", "mellow", "noble", "quiet")
_ANIMALS: Final = ("badger", "crane", "dingo", "ermine", "falcon", "gecko", "heron", "ibex", "lynx", "otter")


def draw(kind: str, inputs: Values) -> tuple[str, Values]:
    """Id and computed outputs of a new resource. Raises `KeyError` for a kind that is not here."""
    return _KINDS[kind](inputs)


def _text(inputs: Values) -> str:
    alphabets = {
        "Lower": string.ascii_lowercase if inputs.get("lower", True) else "",
        "Upper": string.ascii_uppercase if inputs.get("upper", True) else "",
        "Numeric": string.digits if inputs.get("numeric", inputs.get("number", True)) else "",
        "Special": inputs.get("overrideSpecial") or "!@#$%&*()-_=+[]{}<>:?" if inputs.get("special", True) else "",
    }
    generator = secrets.SystemRandom()
    chosen: list[str] = []
    for name, characters in alphabets.items():
        chosen += generator.choices(characters, k=inputs.get(f"min{name}", 0))
    chosen += generator.choices("".join(alphabets.values()), k=inputs["length"] - len(chosen))
    generator.shuffle(chosen)
    return "".join(chosen)


def _password(inputs: Values) -> tuple[str, Values]:
    return "none", {"result": _text(inputs)}


def _string(inputs: Values) -> tuple[str, Values]:
    text = _text(inputs)
    return text, {"result": text}


def _id(inputs: Values) -> tuple[str, Values]:
    drawn, prefix = secrets.token_bytes(inputs["byteLength"]), inputs.get("prefix", "")
    url = base64.urlsafe_b64encode(drawn).decode().rstrip("=")
    forms = {
        "b64Url": url,
        "b64Std": base64.b64encode(drawn).decode(),
        "hex": drawn.hex(),
        "dec": str(int.from_bytes(drawn)),
    }
    return url, {form: prefix + text for form, text in forms.items()}


def _bytes(inputs: Values) -> tuple[str, Values]:
    drawn = secrets.token_bytes(inputs["length"])
    return "none", {"base64": base64.b64encode(drawn).decode(), "hex": drawn.hex()}


def _pet(inputs: Values) -> tuple[str, Values]:
    words = [secrets.choice(_WORDS) for _ in range(inputs.get("length", 2) - 1)]
    start = [inputs["prefix"]] if inputs.get("prefix") else []
    return inputs.get("separator", "-").join([*start, *words, secrets.choice(_ANIMALS)]), {}


def _integer(inputs: Values) -> tuple[str, Values]:
    drawn = inputs["min"] + secrets.randbelow(inputs["max"] - inputs["min"] + 1)
    return str(drawn), {"result": drawn}


def _uuid(_inputs: Values) -> tuple[str, Values]:
    drawn = str(uuid.uuid4())
    return drawn, {"result": drawn}


_KINDS: Final[dict[str, Callable[[Values], tuple[str, Values]]]] = {
    "RandomPassword": _password,
    "RandomString": _string,
    "RandomId": _id,
    "RandomBytes": _bytes,
    "RandomPet": _pet,
    "RandomInteger": _integer,
    "RandomUuid": _uuid,
}
